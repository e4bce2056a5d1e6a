"""Finds optimizers that cannot do their work: made anew for each batch, or on parameters that are not trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torchlint.analysis.facts.passes import OptimizerMisplaced, Run
from torchlint.analysis.passes.training import Stretch, stretches
from torchlint.analysis.values.abstract import Const, Instance, Unknown, Value
from torchlint.analysis.values.classes import descendants, is_module, layer_of
from torchlint.analysis.values.events import Event
from torchlint.analysis.values.origins import (
    Snapshot,
    holds_of,
    is_opaque,
    made_in_loop,
    may_share,
    model_of,
    parts,
)
from torchlint.analysis.values.store import COPIED, FROZEN


def misplaced_optimizers(run: Run) -> Iterator[OptimizerMisplaced]:
    """The optimizers of a run that keep no state, or train nothing that the loss depends on."""
    made = [event for event in run.trace if event.kind == "optimizer" and isinstance(event.subject, Instance)]
    for event in made:
        if _no_parameters(event.subject):
            yield _fact(event, "no parameters", None)
    if not any(event.kind == "step" for event in run.trace):
        return
    seen: set[int] = set()
    for stretch in stretches(run):
        if not stretch.repeats:
            continue
        for event in made:
            if event.site.key not in seen and _made_for_each_batch(event, stretch, run):
                seen.add(event.site.key)
                yield _fact(event, "in the loop", None)
    yield from _on_others(run, made, seen)


def _fact(made: Event, kind: str, other: Event | None) -> OptimizerMisplaced:
    assert made.frame is not None and isinstance(made.subject, Instance)
    return OptimizerMisplaced(made.site, made.frame, made.grad, kind=kind, optimizer=made.subject, other=other)


def _no_parameters(optimizer: Value) -> bool:
    """Whether an optimizer was given a module, or its state, instead of parameters."""
    given = optimizer.arguments.get("params", optimizer.arguments.get(0)) if isinstance(optimizer, Instance) else None
    return is_module(given) or (isinstance(given, Instance) and given.cls == "torch.StateDict")


def _made_for_each_batch(made: Event, stretch: Stretch, run: Run) -> bool:
    """Whether an optimizer of a model that is older than the loop is made and steps in the loop's own body."""
    if stretch.loop is None or len(made.rounds) != stretch.depth + 1 or made.rounds[stretch.depth].loop is not stretch.loop:
        return False
    held = holds_of(made.subject)
    if held is None or not _keeps_state(made.subject) or any(_of_this_round(each, stretch, run) for each in held):
        return False
    own = [event for event in stretch.events if event.rounds == made.rounds]
    if not any(event.kind == "step" and event.subject is made.subject for event in own):
        return False
    others = [event for event in stretch.own(1) if event.kind == "optimizer" and event.site.key == made.site.key]
    return all(_same(held, holds_of(event.subject)) for event in others) and bool(others)


def _same(some: Sequence[Value], others: Sequence[Value] | None) -> bool:
    return others is not None and [parts(each) for each in some] == [parts(each) for each in others]


def _of_this_round(module: Value, stretch: Stretch, run: Run) -> bool:
    if not isinstance(module, Instance) or stretch.loop is None or COPIED in module.store:
        return True
    span = stretch.loop.site.node
    site = module.site
    if site is not None and site.tree is stretch.loop.site.tree and span.lineno <= site.row <= (span.end_lineno or span.lineno):  # type: ignore[attr-defined]
        return True
    return made_in_loop(module, run.log, stretch.loop.mark)


def _keeps_state(optimizer: Value) -> bool:
    """Plain SGD has no state to lose."""
    if not isinstance(optimizer, Instance) or optimizer.cls != "torch.optim.SGD":
        return isinstance(optimizer, Instance)
    momentum = optimizer.arguments.get("momentum")
    return momentum is not None and not (isinstance(momentum, Const) and momentum.value == 0)


def _on_others(run: Run, made: Sequence[Event], seen: set[int]) -> Iterator[OptimizerMisplaced]:
    """Optimizers that step on a loss with which their parameters have nothing to do."""
    trace = run.trace
    if any(event.kind == "gradient" for event in trace):
        return
    for event in made:
        held = holds_of(event.subject)
        if held is None or event.site.key in seen:
            continue
        index = next((i for i, each in enumerate(trace) if each.kind == "step" and each.subject is event.subject), None)
        before = None if index is None else next((each for each in reversed(trace[:index]) if each.kind == "backward"), None)
        if index is None or before is None or not isinstance(model := model_of(before.subject), Instance):
            continue
        if _other_model(event, held, model, trace):
            seen.add(event.site.key)
            yield _fact(event, "other model", before)
        elif _replaced(event, model, trace):
            seen.add(event.site.key)
            yield _fact(event, "replaced", before)


def _other_model(made: Event, held: Sequence[Value], model: Instance, trace: Sequence[Event]) -> bool:
    """Whether none of the optimizer's models is ever applied, and no optimizer has the one that is trained."""
    if may_share([model], held) or any(is_opaque(each) for each in (model, *held)) or any(_made_of_parts(each) for each in (model, *held)):
        return False
    if any(event.kind in ("model", "recurrent") and may_share([event.subject], held) for event in trace):
        return False
    if any(event.kind == "opaque" and any(is_module(each) for each in event.arguments) for event in trace):
        return False
    others = [event.subject for event in trace if event.kind in ("step", "optimizer") and event.subject is not made.subject]
    return not any(isinstance(each, Unknown) or (found := holds_of(each)) is None or may_share([model], found) for each in others)


def _made_of_parts(module: Value) -> bool:
    """Whether a module has parameters that are not seen as modules (`nn.Parameter`), which others may share."""
    return not isinstance(module, Instance) or COPIED in module.store


def _replaced(made: Event, model: Instance, trace: Sequence[Event]) -> bool:
    """Whether the model that is trained has a layer that came after the optimizer was given all its parameters."""
    known = made.result
    if not isinstance(known, Snapshot) or known.whole is not model:
        return False
    if any(event.kind == "opaque" and event.subject is made.subject for event in trace):
        return False
    others = [holds_of(event.subject) or [] for event in trace if event.kind == "optimizer" and event.subject is not made.subject]
    covered = frozenset[int]().union(*(parts(each) for found in others for each in found))
    for each in descendants(model):
        layer = layer_of(each) if isinstance(each.cls, str) else None
        if layer is not None and layer.parameters and id(each.store) not in known.held | covered and FROZEN not in each.store:
            return True
    return False
