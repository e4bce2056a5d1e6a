"""The interpretation of a program: every file, function and method is run over abstract values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torchlint.analysis.entries import Again, run_program
from torchlint.analysis.interpreter.language import python
from torchlint.analysis.library.packages import PACKAGES
from torchlint.analysis.machine.machine import Language, Machine
from torchlint.analysis.machine.unit import Unit
from torchlint.project.program import Program
from torchlint.syntax.tree import Tree

PYTHON = python(PACKAGES)


def machine_for(
    program: Program,
    trees: Mapping[str, Tree],
    wanted: frozenset[type] = frozenset(),
    emit: Callable[[object], None] = lambda fact: None,
    calls: frozenset[str] | None = None,
    about: Mapping[type, tuple[type, ...]] | None = None,
    language: Language = PYTHON,
) -> Machine:
    """A machine that is ready to run a program, whose files `trees` has by their paths."""
    return Machine(language, program, trees, wanted, emit, calls, about)


def interpret(
    program: Program,
    trees: Mapping[str, Tree],
    wanted: frozenset[type],
    emit: Callable[[str, object], None],
    calls: frozenset[str] | None = None,
    about: Mapping[type, tuple[type, ...]] | None = None,
    again: Again | None = None,
) -> Mapping[str, Unit]:
    """Run a program abstractly and give `emit` each fact of a wanted type, with the file whose entries showed it; of calls, those of these bare names.

    Of facts about values, `about` says of which kinds of value they are wanted; of all, where it says nothing.

    Files are run first, with all that their top level calls; then whatever no code of the
    program calls is run on its own, with arguments of which nothing is known. `again` confines that to what a change concerns.
    Gives what the entries of each file used and asked, if they were run.
    """
    machine = machine_for(program, trees, wanted, lambda fact: emit(machine.unit.path, fact), calls, about)
    return run_program(machine, again)
