"""A program in, diagnostics out: no files are read or written here."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from torchlint.analysis.entries import Again
from torchlint.analysis.interpret import interpret
from torchlint.analysis.machine.unit import Unit
from torchlint.diagnostic import Diagnostic
from torchlint.lint.findings import Findings, Said, in_all
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import Rule
from torchlint.syntax.tree import SyntaxProblem, Tree, parse
from torchlint.syntax.trees import Trees

_RECURSION = 12_000


@dataclass(frozen=True, slots=True)
class Linted:
    """What came of a run: what the rules say, by the file whose entries showed it; what these used and asked; and what is no Python."""

    said: Mapping[str, Said]
    units: Mapping[str, Unit]
    unreadable: tuple[Diagnostic, ...]


def lint(
    program: Program,
    rules: Iterable[Rule],
    read: Callable[[Source], Tree] = parse,
    pulse: Callable[[], None] | None = None,
) -> list[Diagnostic]:
    """Every report of `rules` that concerns the linted files of `program`, in order of file and place.

    Each is given at its primary place: this, or else a related place, is in a linted file.
    A file that is no Python is reported (TL900) and left out; the rest is linted. `read` parses; `pulse` is
    called again and again and may raise, to end a run whose answer nobody waits for any more.
    """
    rules = tuple(rules)
    return reports(program, rules, lint_entries(program, rules, read, pulse))


def lint_entries(
    program: Program,
    rules: Iterable[Rule],
    read: Callable[[Source], Tree] = parse,
    pulse: Callable[[], None] | None = None,
    again: Again | None = None,
) -> Linted:
    """What the rules say of each file's entries; with `again`, of those alone that a change concerns."""
    with settings():
        trees = Trees(program.sources, read)
        linted = program.linted if again is None else again.changed & program.linted
        problems = tuple(_unreadable(problem) for path in sorted(linted) if (problem := trees.problem(path)) is not None)
        found = Findings(rules, program.targets)

        def add(unit: str, fact: object) -> None:
            assert pulse is not None
            pulse()
            found.add(unit, fact)

        units: Mapping[str, Unit] = {}
        if any(path in trees for path in program.linted):
            units = interpret(program, trees, frozenset(found.by_fact), found.add if pulse is None else add, found.calls, found.about, again)
    return Linted(found.said, units, problems)


def reports(program: Program, rules: Iterable[Rule], linted: Linted) -> list[Diagnostic]:
    """The reports that concern the linted files, in order of file and place."""
    found = [each for each in in_all(linted.said, rules, program.linted) if not _paths(each).isdisjoint(program.linted)]
    return sorted([*linted.unreadable, *found], key=lambda each: each.order)


def _paths(report: Diagnostic) -> set[str]:
    """The files that take part in a problem."""
    ways = (report.related, *(other.related for other in report.others))
    return {report.place.path}.union(one.place.path for way in ways for one in way)


def _unreadable(problem: SyntaxProblem) -> Diagnostic:
    message = f"this file cannot be read as Python: {problem.message}; it was not linted"
    return Diagnostic("TL900", "syntax-error", message, problem.place)


@cache
def _freeze() -> None:
    """What is there before the first program stays for good: no collection needs to look at it again."""
    gc.freeze()


@contextmanager
def settings() -> Iterator[None]:
    """Room for deep nesting, and no garbage collection while values are made by the thousand."""
    _freeze()
    limit, collecting = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(limit, _RECURSION))
    gc.disable()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()
