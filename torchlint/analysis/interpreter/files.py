"""Two steps of the machine: a file is run once, and code that is nested too deeply ends alone."""

from __future__ import annotations

from collections.abc import Callable

from torchlint.analysis.facts.statements import FileRun
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.accumulation import tell_gathered
from torchlint.analysis.notes.passes import note_passes
from torchlint.analysis.values.abstract import Frame, Unknown
from torchlint.analysis.values.store import Store


def run_file(machine: Machine, path: str) -> Store:
    state = machine.files.get(path)
    if state is None:
        return {}
    if state.status != "new":
        machine.exhausted = machine.exhausted or state.exhausted
        return state.globals
    if machine.untaken:
        return {}
    state.status = "running"
    importer, machine.exhausted = machine.exhausted, False
    kept = (machine.frame, machine.grad, machine.arms, machine.budget, machine.free, machine.trace, machine.rounds, machine.torch.applying)
    machine.torch.applying, machine.arms = 0, ()
    # A file runs once, whichever arm of a branch comes to import it first: leaving that arm undoes nothing of it.
    log, machine.trail.log = machine.trail.log, []
    machine.frame = Frame(state.tree, state.globals, (), mark=machine.trail.mark(), depth=min(machine.frame.depth, 4))
    entry = machine.entry
    machine.begin_entry()
    state.globals["__name__"] = Unknown()
    gathered, machine.pending.gathered = machine.pending.gathered, []
    guarded(machine, lambda: machine.execute(state.tree.module.body))
    tell_gathered(machine)
    machine.pending.gathered = gathered
    if FileRun in machine.wanted:
        machine.emit(FileRun(machine.site(state.tree.module), machine.frame, True, tuple(machine.trace)))
    note_passes(machine)
    machine.trail.log = log
    machine.frame, machine.grad, machine.arms, machine.budget, machine.free, machine.trace, machine.rounds, machine.torch.applying = kept
    machine.entry = entry
    state.status, state.exhausted = "done", machine.exhausted
    # What a file made may lack what its budget left out, wherever it is used.
    machine.exhausted = importer or state.exhausted
    return state.globals


def guarded(machine: Machine, action: Callable[[], object]) -> None:
    """Run; code nested beyond all measure ends what it is part of, and nothing else."""
    frame = machine.frame
    try:
        action()
    except RecursionError:
        machine.frame = frame
