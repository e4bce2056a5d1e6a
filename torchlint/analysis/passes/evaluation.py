"""Finds evaluations in a trace: where a model is applied, and nothing of it is used for gradients."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from torchlint.analysis.facts.passes import EvaluationPass, ModelUse, Run, over_data
from torchlint.analysis.values.abstract import (
    Class,
    Frame,
    Instance,
    Library,
    List,
    Tensor,
    Tuple,
    Unknown,
    Value,
    each_of,
)
from torchlint.analysis.values.checkpoints import LOADED
from torchlint.analysis.values.classes import descendants, is_module, library_bases, linear_bases, opaque_base
from torchlint.analysis.values.events import Event, EventKind, LoopRun, Round
from torchlint.analysis.values.loaders import loader_role
from torchlint.analysis.values.origins import acts_by_mode, may_have_parameters, model_of
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import FIXED, FROM_FILE
from torchlint.analysis.values.written.callers import switches_modes
from torchlint.torch_api.lightning import LIGHTNING, STEPS
from torchlint.torch_api.operations import operation

_GRADIENTS = ("backward", "gradient")
_MODES = ("train", "eval", "mode")


@dataclass(frozen=True, slots=True)
class _Unit:
    """A stretch of a trace that may be an evaluation: a run of a loop, or a single call."""

    call: Event
    index: int
    loop: LoopRun | None
    mode: Event | None


def evaluations(run: Run) -> Iterator[EvaluationPass]:
    """The evaluations of a run, one for each loop (or call, where there is none) and model."""
    trace = run.trace
    callees = {id(event.subject) for event in trace if event.kind in _MODES and isinstance(event.subject, Unknown) and event.subject.site}
    modes: list[Event] = []
    units: dict[tuple[int, ...], list[_Unit]] = {}
    for index, event in enumerate(trace):
        if event.kind in _MODES:
            modes.append(event)
        if event.kind != "model" and not (event.kind == "opaque" and id(event.subject) in callees):
            continue
        unit = _unit(event, index, modes, run)
        held = units.setdefault(_key(unit), [])
        if not any(run.parts(each.call.subject) & run.parts(event.subject) for each in held):
            held.append(unit)
    for several in units.values():
        found = _judged(several, run)
        if found is not None:
            yield found


def _key(unit: _Unit) -> tuple[int, ...]:
    rounds = unit.call.rounds
    if unit.loop is None:
        return (id(unit.call.site.node), *map(id, rounds))
    outer = rounds[: _depth(rounds, unit.loop)]
    return (id(unit.loop), *map(id, outer))


def _depth(rounds: tuple[Round, ...], loop: LoopRun) -> int:
    return next(i for i, each in enumerate(rounds) if each.loop is loop)


def _unit(call: Event, index: int, modes: Sequence[Event], run: Run) -> _Unit:
    """The loop that the call is part of: the innermost one, or one around it if that goes over the data."""
    mode = next((each for each in reversed(modes) if run.parts(each.subject) & run.parts(call.subject)), None)
    loops = [each.loop for each in call.rounds]
    if not loops:
        return _Unit(call, index, None, mode)
    inner = call.rounds[-1]
    if mode is not None and mode.kind == "eval" and inner in mode.rounds and mode.frame is not inner.loop.frame:
        # The function that is called in the loop evaluates by itself.
        return _Unit(call, index, None, mode)
    chosen = loops[-1]
    for each, before in zip(reversed(loops[:-1]), reversed(loops[1:]), strict=True):
        if (over_data(chosen) and not chosen.by_number) or each.frame is not before.frame or not over_data(each):
            break
        if mode is not None and any(round.loop is each for round in mode.rounds):
            break
        chosen = each
    return _Unit(call, index, chosen, mode)


def _judged(units: Sequence[_Unit], run: Run) -> EvaluationPass | None:
    unit, trace = units[0], run.trace
    call, loop = unit.call, unit.loop
    frame = loop.frame if loop is not None else call.frame
    first, last = _extent(unit, trace)
    inside = [event for event in trace[first:last] if loop is None or any(each.loop is loop for each in event.rounds)]
    if frame is None or any(event.unseen or event.kind in (*_GRADIENTS, "step") for event in inside) or _asks_for_gradients(unit, run, last):
        return None
    if (loop is None and _is_trial(call)) or _in_test(unit) or _in_training_step(frame):
        return None
    if _unread(call.subject) and run.differentiates(call.site.path):
        return None
    if (loop is None or not over_data(loop)) and _applies_part(unit, run):
        return None
    if any(_given_away(event, run.parts(each.call.subject), run) for event in inside for each in units):
        return None
    looked_at = trace[first : _end_of_function(frame, trace, last)]
    uses = tuple(_use(each, inside, looked_at, run) for each in units if not _on_leaves(each.call) and may_have_parameters(each.call.subject))
    if not uses:
        return None
    return EvaluationPass(
        loop.site if loop is not None else call.site,
        frame,
        next((use.grad for use in uses), None),
        uses=uses,
        loop=loop,
        by_data=loop is not None and loader_role(loop.iterated) == "evaluation",
        only=_does_nothing_else(frame, run),
    )


def _given_away(event: Event, subject: frozenset[int], run: Run) -> bool:
    """Whether code that is not read has the model, by this call or since it was made: it may ask for gradients (an attack)."""
    if event.kind != "opaque" or (isinstance(event.subject, Library) and event.subject.name.startswith(("torch.", "builtins."))):
        return False
    maker = event.subject
    held = tuple(maker.arguments.values()) if isinstance(maker, Instance) and not is_module(maker) else ()
    return any(is_module(each) and run.parts(each) & subject for each in (*event.arguments, *held))


def _unread(model: Value | None) -> bool:
    """Whether it is not known which model this is: any of the program's may have been loaded, or handed in."""
    return not isinstance(model, Instance) or model.cls in (LOADED, "torch.nn.Module")


def _in_training_step(frame: Frame | None) -> bool:
    """Whether this is what a trainer calls to train: what the step gives back is differentiated."""
    while frame is not None:
        cls = frame.receiver.cls if isinstance(frame.receiver, Instance) else None
        if STEPS.get(frame.name) and isinstance(cls, Class) and (opaque_base(cls) or not LIGHTNING.isdisjoint(library_bases(cls))):
            return True
        frame = frame.caller
    return False


def _in_test(unit: _Unit) -> bool:
    """Whether a unit test looks at what a model gives once, or for a few cases that it writes down."""
    function = unit.call.frame.function if unit.call.frame is not None else None
    few = unit.loop is None or isinstance(unit.loop.iterated, Tuple | List)
    return few and function is not None and function.owner is None and function.name.startswith("test_")


def _is_trial(call: Event) -> bool:
    """Whether a single call is a trial on a tensor made up right there: `model(torch.ones(1, 3))`."""
    given = [each for each in call.arguments if isinstance(each, Tensor)]
    return bool(given) and all(_made_up(each, call.site) for each in given)


def _applies_part(unit: _Unit, run: Run) -> bool:
    """Whether a module applies a part of its own, in a method that only code elsewhere calls: that holds the guard, or does not."""
    frame = unit.call.frame
    while frame is not None and not frame.alone:
        frame = frame.caller
    if frame is None or not is_module(frame.receiver) or unit.call.subject is frame.receiver:
        return False
    changed = unit.mode is not None and _within(unit.mode.frame, frame)
    return not changed and run.parts(unit.call.subject) <= run.parts(frame.receiver)


def _made_up(tensor: Tensor, at: Site, depth: int = 8) -> bool:
    made = operation(tensor.op) if tensor.op is not None else None
    if made is not None and made.gradient == "source":
        return tensor.site is not None and tensor.site.tree is at.tree and tensor.site.function is at.function
    inputs = [each for each in tensor.inputs if isinstance(each, Tensor)]
    return bool(inputs) and depth > 0 and all(_made_up(each, at, depth - 1) for each in inputs)


def _on_leaves(call: Event) -> bool:
    """Whether a model is given a tensor that asks for gradients itself: it is that one that is trained or attacked."""
    return any(isinstance(each, Tensor) and each.requires_grad and each.leaf and not each.parameter for each in call.arguments)


def _use(unit: _Unit, inside: Sequence[Event], looked_at: Sequence[Event], run: Run) -> ModelUse:
    call = unit.call
    subject = run.parts(call.subject)
    calls = [event for event in inside if event.kind in ("model", "opaque") and run.parts(event.subject) & subject] or [call]
    grads = {event.grad for event in calls}
    modes = {event.training for event in calls if event.kind == "model"} or {_said(unit)}
    moded = acts_by_mode(call.subject)
    if _said(unit) is None and _mode_from_elsewhere(unit, run):
        # As it was made, so far as this run shows.
        modes = {None if mode else mode for mode in modes}
    if moded is None and _said(unit) is None and isinstance(call.subject, Instance) and isinstance(call.subject.cls, Class):
        # As it was made: parts that are not seen may have come in eval mode.
        modes = {None if mode else mode for mode in modes}
    return ModelUse(
        call,
        subject,
        True if True in grads else False if grads == {False} else None,
        by_mode=modes == {False} or _said(unit) is False,
        ended=any(event.kind == "end" and run.parts(model_of(event.subject)) & subject and not _cut_by_choice(event, call) for event in looked_at),
        training=_said(unit) if modes == {None} else modes.pop() if len(modes) == 1 else None,
        moded=moded,
        frozen=_frozen(call.subject),
        loaded=_is_loaded(call.subject) and not _is_trial(call),
    )


def _cut_by_choice(end: Event, call: Event) -> bool:
    """Whether an output is detached under a condition, so that it is wanted with its graph where that does not hold."""
    cut = isinstance(end.site.node, ast.Attribute) or (isinstance(end.site.node, ast.Call) and getattr(end.site.node.func, "attr", "") == "detach")
    return cut and not set(end.arms) <= set(call.arms)


def _mode_from_elsewhere(unit: _Unit, run: Run) -> bool:
    """Whether a model is part of an object whose method only code elsewhere calls, and which is a module or sets modes in some other method."""
    frame = unit.call.frame
    while frame is not None and not frame.alone:
        frame = frame.caller
    holder = frame.receiver if frame is not None else None
    if not isinstance(holder, Instance) or not isinstance(holder.cls, Class):
        return False
    if is_module(holder) or opaque_base(holder.cls):
        return not any(isinstance(each, Instance) and _within(each.made_in, frame) for each in each_of(unit.call.subject))
    held = any(isinstance(each, Instance) and run.parts(unit.call.subject) <= run.parts(each) for each in holder.store.values())
    return held and any(switches_modes(base.node) for base in linear_bases(holder.cls) if isinstance(base, Class))


def _said(unit: _Unit) -> bool | None:
    """The mode that the last change left the model in, where that is sure."""
    mode = unit.mode
    if mode is None or mode.arms != unit.call.arms[: len(mode.arms)]:
        return None
    return {"train": True, "eval": False}.get(mode.kind)


def _extent(unit: _Unit, trace: Sequence[Event]) -> tuple[int, int]:
    """The events of the loop's run, or the one call."""
    if unit.loop is None:
        return unit.index, unit.index + 1
    depth = _depth(unit.call.rounds, unit.loop)
    outer = unit.call.rounds[:depth]

    def inside(event: Event) -> bool:
        rounds = event.rounds
        return len(rounds) > depth and rounds[depth].loop is unit.loop and rounds[:depth] == outer

    first = unit.index
    while first > 0 and inside(trace[first - 1]):
        first -= 1
    last = unit.index + 1
    while last < len(trace) and inside(trace[last]):
        last += 1
    return first, last


def _asks_for_gradients(unit: _Unit, run: Run, last: int) -> bool:
    """Whether the outputs are used for gradients afterwards, or the function is about gradients of inputs."""
    for event in islice(run.trace, last, None):
        if event.kind in _GRADIENTS:
            return True
        if event.kind == "model":
            break
    frame = unit.loop.frame if unit.loop is not None else unit.call.frame
    if any(_within(event.frame, frame) for event in run.of("step")):
        return False
    asking: tuple[EventKind, ...] = ("gradient",) if unit.loop is not None else ("gradient", "backward")
    return any(_within(event.frame, frame) for event in run.of(*asking))


def _within(frame: Frame | None, outer: Frame | None) -> bool:
    while frame is not None:
        if frame is outer:
            return True
        frame = frame.caller
    return False


def _end_of_function(frame: Frame, trace: Sequence[Event], last: int) -> int:
    """Up to where what comes out of the loop is looked at: the next call of a model, or the function's end."""
    for index in range(last, len(trace)):
        if trace[index].kind == "model" or not _within(trace[index].frame, frame):
            return index
    return len(trace)


def _frozen(module: Value | None) -> bool:
    """Whether no parameter of a module asks for gradients."""
    return isinstance(module, Instance) and all(FIXED in each.store for each in descendants(module))


def _is_loaded(module: Value | None) -> bool:
    """Whether the weights of a module, as a whole, or the module itself come from a file."""
    return isinstance(module, Instance) and (FROM_FILE in module.store or module.cls == LOADED)


def _does_nothing_else(frame: Frame, run: Run) -> bool:
    """Whether the loop's function is one that evaluates and nothing more: no training, no generator, nothing that it defines."""
    node = frame.function.node if frame.function is not None else None
    if not isinstance(node, ast.FunctionDef) or frame.yields:
        return False
    return not any(_within(event.frame, frame) for event in run.of("backward", "gradient", "step", "zero_grad", "optimizer", "train"))
