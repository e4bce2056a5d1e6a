"""A file is run once as a whole, or statement by statement as its names are asked for; code nested too deeply ends alone.

What is an entry is run whole, in order. Of a file that is imported alone those statements are run that make the names which
somebody reads: what else its top level does is seen where that file is an entry.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torchlint.analysis.facts.statements import FileRun
from torchlint.analysis.interpreter.importing import bind_plain_imports, imported, star_sources
from torchlint.analysis.machine.files import FileState
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.accumulation import tell_gathered
from torchlint.analysis.notes.passes import note_passes
from torchlint.analysis.values.abstract import Const, Dict, Frame, List, Unknown
from torchlint.analysis.values.trail import MISSING
from torchlint.syntax.bindings import bindings, changed_in_functions


def run_file(machine: Machine, path: str) -> None:
    """Run the whole top level of a file, if it was not."""
    state = _opened(machine, path)
    if state is None or state.is_run or machine.untaken:
        return
    state.is_run = True
    with _top_level(machine, state):
        _execute(machine, state, state.tree.module.body)
        tell_gathered(machine)
        if FileRun in machine.wanted:
            machine.emit(FileRun(machine.site(state.tree.module), machine.frame, True, tuple(machine.trace)))
        note_passes(machine)
    if machine.is_imported(path):
        _forget_changed(machine, state, state.globals)


def global_value(machine: Machine, path: str, name: str) -> Any:
    """What a global name of a file stands for, whose statements are run if they were not; else MISSING."""
    machine.touched.add(path)
    state = _opened(machine, path)
    if state is None:
        return MISSING
    if name not in state.globals and not machine.untaken:
        _make(machine, state, name)
    # What a file made may lack what its budget left out, wherever it is used.
    machine.exhausted = machine.exhausted or state.exhausted
    return state.globals.get(name, MISSING)


def _opened(machine: Machine, path: str) -> FileState | None:
    state = machine.files.get(path)
    if state is not None and state.bindings is None:
        state.bindings = bindings(state.tree.module)
        state.globals["__name__"] = Unknown()
        bind_plain_imports(machine, state)
        state.lending = star_sources(machine, state)
        state.pending = {*state.bindings.makers, *state.bindings.imports}.difference(map(str, state.globals))
    return state


def _make(machine: Machine, state: FileState, name: str) -> None:
    """Run what makes a name of a file, each statement once."""
    assert state.bindings is not None
    if name in state.pending:
        state.pending.discard(name)
        if name in state.bindings.imports:
            state.globals[name] = imported(machine, state.tree.path, *state.bindings.imports[name])
            return
        with _top_level(machine, state):
            _execute(machine, state, state.bindings.statements(name))
            _forget_changed(machine, state, [name])
    if name not in state.globals and not name.startswith("_") and not _is_submodule(machine, state, name):
        for path in state.lending:
            if (name, path) not in state.asked and machine.may_offer(path, name):
                state.asked.add((name, path))
                held = machine.global_value(path, name)
                if held is not MISSING:
                    state.globals[name] = held
                    return


def _is_submodule(machine: Machine, state: FileState, name: str) -> bool:
    """Whether a package has a module of that name, which comes before what it takes from elsewhere."""
    path = state.tree.path
    return posixpath.basename(path) == "__init__.py" and machine.resolve(path, name, 1) not in (None, path)


def _forget_changed(machine: Machine, state: FileState, names: Iterable[object]) -> None:
    """What functions of an imported file set, or put into containers, depends on who has called them: it is not known."""
    kinds = (List, Dict, Const) if machine.stands("global ", state.tree.path) else (List, Dict)
    for name in [each for each in names if isinstance(state.globals.get(each), kinds)]:
        if name in changed_in_functions(state.tree.module):
            state.globals[name] = Unknown()


def _execute(machine: Machine, state: FileState, body: Sequence[ast.stmt]) -> None:
    """Run statements of a file's top level, without those that were run before and did nothing but bind names."""

    def run() -> None:
        for node in body:
            if node in state.ran:
                continue
            before = len(machine.trace)
            state.ran.add(node)
            if not machine.execute([node]):
                return
            if len(machine.trace) > before:
                state.ran.discard(node)

    guarded(machine, run)


@contextmanager
def _top_level(machine: Machine, state: FileState) -> Iterator[None]:
    """Be at the top level of a file, whatever runs; leaving an arm of a branch undoes nothing of what a file does."""
    importer, machine.exhausted = machine.exhausted, False
    log, machine.trail.log = machine.trail.log, []
    depth = min(machine.frame.depth, 4)
    with machine.on_account_of(state.tree.path, at_top=True), machine.apart(state.tree.path, state.entry):
        machine.frame = Frame(state.tree, state.globals, (), mark=machine.trail.mark(), depth=depth)
        yield
    machine.trail.log = log
    state.exhausted = state.exhausted or machine.exhausted
    machine.exhausted = importer or state.exhausted


def guarded(machine: Machine, action: Callable[[], object]) -> None:
    """Run; code nested beyond all measure ends what it is part of, and nothing else."""
    frame = machine.frame
    try:
        action()
    except RecursionError:
        machine.frame = frame
