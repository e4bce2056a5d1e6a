"""What Lightning's Trainer does with a module: it calls its steps."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from torchlint.analysis.interpreter.files import guarded
from torchlint.analysis.interpreter.functions import run_function
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.accumulation import tell_gathered
from torchlint.analysis.notes.passes import note_passes
from torchlint.analysis.values.abstract import Class, Function, Instance
from torchlint.analysis.values.classes import find, library_bases
from torchlint.analysis.values.join import join_slots
from torchlint.torch_api.lightning import LIGHTNING, STEPS


def run_steps(machine: Machine, model: Instance, names: Sequence[str], node: ast.AST) -> None:
    """What a trainer does: it calls these methods of a model, each with a batch, any number of times."""
    for name in names:
        step = find(model.cls, name) if isinstance(model.cls, Class) else None
        if isinstance(step, Function) and isinstance(model.cls, Class) and is_lightning(model.cls):
            machine.coverage.called.add(step.node)
            _run_apart(machine, step, model, node)


def _run_apart(machine: Machine, step: Function, model: Instance, node: ast.AST) -> None:
    kept = (machine.frame, machine.grad, machine.arms, machine.budget, machine.free, machine.trace, machine.rounds, machine.torch.applying, machine.entry)
    gathered, machine.pending.gathered = machine.pending.gathered, []
    machine.begin_entry()
    machine.grad, machine.torch.applying = STEPS[step.name], 0
    mark = machine.trail.mark()
    guarded(machine, lambda: run_function(machine, step, model, None, {}, node, alone=True))
    tell_gathered(machine)
    note_passes(machine)
    after = machine.trail.delta(mark)
    machine.trail.undo(mark)
    machine.trail.merge([{}, after], join_slots)
    machine.pending.gathered = gathered
    machine.frame, machine.grad, machine.arms, machine.budget, machine.free, machine.trace, machine.rounds, machine.torch.applying, machine.entry = kept


def is_lightning(cls: Class) -> bool:
    return not LIGHTNING.isdisjoint(library_bases(cls))
