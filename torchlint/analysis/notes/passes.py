"""The passes that the trace so far shows are noted."""

from __future__ import annotations

from functools import partial

from torchlint.analysis.facts.passes import (
    EvaluationPass,
    Finder,
    LoaderOrder,
    ModeKept,
    OptimizerMisplaced,
    OutOfOrder,
    Run,
    StateCarried,
    TrainingStep,
)
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.passes.evaluation import evaluations
from torchlint.analysis.passes.loaders import loader_orders
from torchlint.analysis.passes.optimizers import misplaced_optimizers
from torchlint.analysis.passes.training import modes_kept, out_of_order, states_carried, training_steps
from torchlint.analysis.values.written.callers import forward_differentiates


def note_passes(machine: Machine) -> None:
    finders = tuple(find for kind, find in _FINDERS.items() if kind in machine.wanted)
    if finders:
        machine.unit.passes.add(Run(tuple(machine.trace), machine.left, machine.trail.log, partial(_differentiates, machine)), finders)


def _differentiates(machine: Machine, path: str) -> bool:
    return machine.any_around("differentiates", path, ("autograd",), forward_differentiates)


_FINDERS: dict[type, Finder] = {
    EvaluationPass: evaluations,
    TrainingStep: training_steps,
    OutOfOrder: out_of_order,
    ModeKept: modes_kept,
    StateCarried: states_carried,
    OptimizerMisplaced: misplaced_optimizers,
    LoaderOrder: loader_orders,
}
