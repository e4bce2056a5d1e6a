"""Finds training in a trace: what each round of a loop does with gradients, and in which order."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torchlint.analysis.facts.passes import ModeKept, OutOfOrder, Run, StateCarried, TrainingStep
from torchlint.analysis.passes.history import carried_from
from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Class,
    Instance,
    Library,
    OneOf,
    Tensor,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import running_forward
from torchlint.analysis.values.events import Event, EventKind, LoopRun
from torchlint.analysis.values.origins import (
    acts_by_mode,
    concerns,
    holds_of,
    made_at,
    may_share,
    model_of,
    parts,
)
from torchlint.torch_api.binding import is_public

_GRADIENTS = ("backward", "gradient")


@dataclass(frozen=True, slots=True)
class Stretch:
    """The events of one run of a loop, inner loops and called functions included."""

    loop: LoopRun | None
    depth: int
    events: tuple[Event, ...]

    def round(self, number: int) -> tuple[Event, ...]:
        if self.loop is None:
            return () if number else self.events
        return tuple(event for event in self.events if event.rounds[self.depth].number == number)

    @property
    def repeats(self) -> bool:
        return self.loop is not None and (self.loop.count is None or self.loop.count > 1)

    @property
    def arms(self) -> tuple[int, ...]:
        return self.loop.arms if self.loop is not None else ()

    def own(self, number: int) -> list[Event]:
        """The events of a round that are in no inner loop."""
        return [event for event in self.round(number) if len(event.rounds) == self.depth + 1]


def stretches(run: Run, *kinds: EventKind) -> Iterator[Stretch]:
    """Every run of a loop with its events, outer loops first; with `kinds`, none where the run has no event of these."""
    if kinds and not any(event.kind in kinds for event in run.trace):
        return
    found: dict[tuple[int, ...], tuple[LoopRun, int, list[Event]]] = {}
    for event in run.trace:
        outer: tuple[int, ...] = ()
        for depth, each in enumerate(event.rounds):
            key = (*outer, id(each.loop))
            if key not in found:
                found[key] = (each.loop, depth, [])
            found[key][2].append(event)
            outer = (*outer, id(each))
    for loop, depth, events in found.values():
        yield Stretch(loop, depth, tuple(events))


def training_steps(run: Run) -> Iterator[TrainingStep]:
    """Each backward with the step that uses its gradients, where both are in every round of one loop."""
    for stretch in stretches(run, "step"):
        if stretch.loop is None or not stretch.repeats or not any(event.kind == "step" for event in stretch.events):
            continue
        seen: set[int] = set()
        stepping = {id(event.subject) for event in stretch.events if event.kind == "step"}
        first = stretch.round(0)
        for index, event in enumerate(first):
            if event.kind != "backward" or event.grad is False or _inside(event, first, stretch.depth):
                continue
            step = _step_after(first, index)
            if step is None or id(step) in seen or _closure(step) or step.site.key == event.site.key:
                continue
            seen.add(id(step))
            frame = event.frame
            if frame is None:
                continue
            yield TrainingStep(
                event.site,
                frame,
                event.grad,
                backward=event,
                step=step,
                loop=stretch.loop,
                emptied=_emptied(step, stretch, run),
                alone=len(stepping) == 1 and step.arms == event.arms and step.rounds == event.rounds,
            )


def _inside(backward: Event, events: Sequence[Event], depth: int) -> bool:
    """Whether an inner loop holds the backward together with a step: then that loop is the one to look at."""
    for level in range(depth + 1, len(backward.rounds)):
        inner = backward.rounds[level].loop
        if inner.count != 1 and any(event.kind == "step" and len(event.rounds) > level and event.rounds[level].loop is inner for event in events):
            return True
    return False


def _step_after(events: Sequence[Event], index: int) -> Event | None:
    return next((event for event in events[index + 1 :] if event.kind == "step"), None)


def _closure(step: Event) -> bool:
    return any(not isinstance(each, Instance) for each in step.arguments) and not isinstance(step.subject, Unknown)


def _emptied(step: Event, stretch: Stretch, run: Run) -> bool:
    """Whether the gradients that a step uses may be emptied somewhere in the loop, or are new in each round."""
    optimizer = step.subject
    for event in stretch.events:
        match event.kind:
            case "zero_grad" if concerns(event.subject, optimizer):
                return True
            case "optimizer" if event.subject is optimizer:
                return True
            case "opaque" if _may_empty(event, optimizer):
                return True
            case "backward" if event.subject is optimizer or (isinstance(optimizer, Unknown) and event.call is not None):
                return True
    return stretch.loop is not None and _made_inside(optimizer, stretch.loop)


def _made_inside(value: Value, loop: LoopRun) -> bool:
    """Whether something comes into being in the loop's own body."""
    site = getattr(value, "site", None)
    if site is None or site.tree is not loop.site.tree:
        return False
    return any(each is site.node for each in ast.walk(loop.site.node))


def _may_empty(event: Event, optimizer: Value) -> bool:
    """Whether code that is not read is given the optimizer, or something that holds it."""
    if isinstance(event.subject, Library) and event.subject.name.startswith(("torch.", "builtins.", "numpy.")):
        return False
    if isinstance(event.subject, Instance) and isinstance(event.subject.cls, str) and event.subject.cls.startswith("torch.") and event.subject is not optimizer:
        return False
    return any(_reaches(each, optimizer) for each in (event.subject, *event.arguments))


def _reaches(value: Value, optimizer: Value) -> bool:
    if value is optimizer:
        return value is not UNKNOWN
    if isinstance(value, Instance) and isinstance(value.cls, Class):
        return any(held is optimizer for held in value.store.values())
    return False


def out_of_order(run: Run) -> Iterator[OutOfOrder]:
    """Calls of a training step that come too early or too late."""
    if any(event.kind == "step" for event in run.trace):
        yield from _misplaced(Stretch(None, -1, run.trace))
    for stretch in stretches(run, "step"):
        if stretch.repeats and any(event.kind == "step" for event in stretch.events):
            yield from _misplaced(stretch)
            yield from _scheduled(stretch)


def _misplaced(stretch: Stretch) -> Iterator[OutOfOrder]:
    """`zero_grad()` right before `step()`, in a round or from one to the next, and clipping of no gradients."""
    first = stretch.own(0)
    own = first + (stretch.own(1) if stretch.repeats else [])
    steps = [event for event in own if event.kind == "step" and not _closure(event)]
    done: set[int] = set()
    for step in steps:
        found = _fruitless(step, own) if step.site.key not in done else None
        if found is not None:
            done.add(step.site.key)
            yield found
    yield from _clipped(stretch, [step for step in steps if step in first])


def _fruitless(step: Event, own: Sequence[Event]) -> OutOfOrder | None:
    """A step for which nothing computes gradients since they were emptied."""
    index = own.index(step)
    emptied = next((i for i in range(index - 1, -1, -1) if own[i].kind == "zero_grad" and _surely(own[i].subject, step.subject)), None)
    if emptied is None or not _goes_with(own[emptied], step):
        return None
    between = own[emptied + 1 : index]
    before = _backward_of(step, own[:emptied])
    after = _backward_of(step, own[index + 1 :])
    if before is not None and _goes_with(before, step) and not any(map(_may_compute, between)):
        return _fact(OutOfOrder, own[emptied], before, "erased")
    if after is None or not _goes_with(after, step) or any(map(_may_compute, _apart_from_forward(between, after))):
        return None
    return _fact(OutOfOrder, step, after, "early")


def _goes_with(event: Event, step: Event) -> bool:
    """Whether an event happens wherever a step does: in the same arm, or outside it."""
    return step.arms[: len(event.arms)] == event.arms


def _apart_from_forward(events: Sequence[Event], backward: Event) -> Iterator[Event]:
    """The events that the loss is not computed by: a function whose result is differentiated did not do that itself."""
    reached = {*made_at(backward.subject), *(event.site.key for event in events if event.kind == "model")}
    for event in reversed(events):
        if event.kind == "opaque" and event.site.key in reached:
            reached.update(site for each in event.arguments for site in made_at(each))
        else:
            yield event


def _fact(kind: type[OutOfOrder], event: Event, other: Event, reason: str) -> OutOfOrder:
    assert event.frame is not None
    return kind(event.site, event.frame, event.grad, event=event, other=other, kind=reason)


def _may_compute(event: Event) -> bool:
    """Whether gradients may come from this: backward, or code that is not read and that no model's forward calls."""
    if event.kind in _GRADIENTS:
        return True
    if event.kind != "opaque" or isinstance(event.subject, Library) or running_forward(event.frame) is not None:
        return False
    match event.site.node:
        case ast.Call(func=ast.Attribute(attr=name)) if isinstance(event.subject, Unknown):
            return not is_public(f"torch.Tensor.{name}")
    return True


def _surely(emptied: Value, optimizer: Value) -> bool:
    """Whether emptying one thing surely takes the gradients that an optimizer steps with."""
    if emptied is optimizer:
        return emptied is not UNKNOWN
    held = holds_of(optimizer)
    return held is not None and isinstance(emptied, Instance) and all(parts(each) <= parts(emptied) for each in held)


def _backward_of(step: Event, events: Sequence[Event]) -> Event | None:
    """A backward whose gradients are the optimizer's."""
    held = holds_of(step.subject)
    for event in events:
        if event.kind == "backward" and event.grad is not False:
            model = model_of(event.subject)
            if held is None or model is None or may_share([model], held):
                return event
    return None


def _clipped(stretch: Stretch, steps: Sequence[Event]) -> Iterator[OutOfOrder]:
    """Clipping where no gradients are: after `step()` or `zero_grad()`, before `backward()`."""
    if len({id(step.subject) for step in steps}) != 1 or not steps:
        return
    optimizer = steps[0].subject
    fresh: Event | None = None
    state: str | None = None
    for number in (0, 1):
        for event in stretch.round(number):
            if len(event.rounds) != stretch.depth + 1 or event.arms != stretch.arms:
                state = None if event.kind in ("backward", "step", "zero_grad", "gradient", "clip") or event.unseen else state
                continue
            if event.unseen:
                state = None
                continue
            match event.kind:
                case "backward" | "gradient":
                    state = "full"
                case "step":
                    state, fresh = "late", event
                case "zero_grad" if concerns(event.subject, optimizer):
                    state, fresh = "early" if state != "late" else state, event
                case "clip" if state in ("late", "early") and fresh is not None:
                    after = next((each for each in stretch.events if each.kind == "backward"), fresh)
                    yield _fact(OutOfOrder, event, fresh if state == "late" else after, f"clip {state}")
                case "opaque" if not isinstance(event.subject, Library) and any(model_of(each) is not None for each in event.arguments):
                    state = None if state != "full" else state
    return


def _scheduled(stretch: Stretch) -> Iterator[OutOfOrder]:
    """A scheduler that steps first in each round, before its optimizer has ever stepped."""
    first = stretch.round(0)
    for index, event in enumerate(first):
        if event.kind != "scheduler" or event.arguments or event.arms != stretch.arms or len(event.rounds) != stretch.depth + 1:
            continue
        optimizer = event.subject.arguments.get("optimizer", event.subject.arguments.get(0)) if isinstance(event.subject, Instance) else None
        if optimizer is None or any(_steps(each, optimizer) for each in first[:index]):
            continue
        step = next((each for each in first[index + 1 :] if _steps(each, optimizer)), None)
        if step is not None:
            yield _fact(OutOfOrder, event, step, "scheduler")


def _steps(event: Event, optimizer: Value) -> bool:
    return event.kind == "step" and event.subject in (optimizer.alternatives if isinstance(optimizer, OneOf) else (optimizer,))


def modes_kept(run: Run) -> Iterator[ModeKept]:
    """Training calls that find the model in the eval mode that an earlier round left it in."""
    for stretch in stretches(run, "eval"):
        if stretch.loop is None or not stretch.repeats or not any(event.kind == "eval" for event in stretch.events):
            continue
        events = stretch.events
        done: set[int] = set()
        for index, event in enumerate(events):
            if event.kind != "model" or event.rounds[stretch.depth].number == 0 or event.training is True or event.grad is False:
                continue
            change = _left_in(event, events[:index], run, stretch)
            if change is None or change.site.key in done or not _trains(event, events[index + 1 :]):
                continue
            if not _trained_before(event, events[: events.index(change)]):
                continue
            done.add(change.site.key)
            assert change.frame is not None
            yield ModeKept(change.site, change.frame, change.grad, change=change, call=event, loop=stretch.loop, moded=acts_by_mode(event.subject))


def _left_in(call: Event, before: Sequence[Event], run: Run, stretch: Stretch) -> Event | None:
    """The `eval()` of an earlier round after which nothing may have switched the model back."""
    ours = parts(call.subject)
    number = call.rounds[stretch.depth].number
    for event in reversed(before):
        if event.kind in ("train", "mode") and (parts(event.subject) & ours or isinstance(event.subject, Unknown)):
            return None
        if event.kind == "opaque" and _may_switch(event, ours):
            return None
        if event.kind == "eval" and ours <= parts(event.subject):
            left = any(id(stretch.loop) in run.left.get(arm, ()) for arm in event.arms)
            earlier = event.rounds[stretch.depth].number < number
            return event if earlier and not left else None
    return None


def _may_switch(event: Event, ours: frozenset[int]) -> bool:
    if isinstance(event.subject, Library) and event.subject.name.startswith(("torch.", "builtins.", "numpy.")):
        return False
    return any(isinstance(each, Instance) and parts(each) & ours for each in event.arguments)


def _trains(call: Event, after: Sequence[Event]) -> bool:
    """Whether a backward uses what the model gives here: the next one, before the model is called anew without gradients."""
    for event in after:
        if event.kind == "backward":
            model = model_of(event.subject)
            return model is None or bool(parts(model) & parts(call.subject)) or isinstance(model, Unknown)
        if event.kind in ("eval", "step") or (event.kind == "model" and event.grad is False and parts(event.subject) & parts(call.subject)):
            return False
    return False


def _trained_before(call: Event, before: Sequence[Event]) -> bool:
    """Whether the same call trained in an earlier round, not in eval mode by what came before the loop."""
    same = [event for event in before if event.kind == "model" and event.site.key == call.site.key]
    return any(event.training is not False for event in same)


def states_carried(run: Run) -> Iterator[StateCarried]:
    """Recurrent models that take what they gave in the last round of a loop that computes gradients."""
    for stretch in stretches(run, "backward"):
        if not stretch.repeats or not any(event.kind == "backward" for event in stretch.own(0)):
            continue
        for kind in ("model", "recurrent"):
            found = list(_carried_by(kind, stretch))
            if found:
                yield from found
                break


def carries_state(stretch: Stretch) -> bool:
    """Whether a model is given what it gave in the round before, detached or not: the order of the data matters."""
    return any(True for kind in ("model", "recurrent") for _ in _carried_by(kind, stretch))


def _carried_by(kind: str, stretch: Stretch) -> Iterator[StateCarried]:
    # What a function made from the same arguments before is given out again: then it is of this round as well.
    now = {id(event.result) for event in stretch.own(1)}
    before: dict[int, list[Event]] = {}
    for event in stretch.own(0):
        if event.kind == kind and event.result is not None and id(event.result) not in now:
            before.setdefault(event.site.key, []).append(event)
    done: set[int] = set()
    for event in stretch.own(1):
        if event.kind != kind or event.grad is False or event.site.key in done or event.frame is None or stretch.loop is None:
            continue
        earlier = before.get(event.site.key, [])
        found = _carried(event, earlier)
        if found is not None:
            done.add(event.site.key)
            argument, attached, pair = found
            first = earlier[0].arguments[argument] if argument < len(earlier[0].arguments) else None
            yield StateCarried(
                event.site, event.frame, event.grad, call=event, argument=argument, attached=attached, pair=pair, first=first, loop=stretch.loop,
            )


def _carried(call: Event, earlier: Sequence[Event]) -> tuple[int, bool, bool] | None:
    for index, argument in enumerate(call.arguments):
        for each in earlier:
            attached = carried_from(argument, each.result)
            if attached is not None:
                return index, attached, not isinstance(argument, Tensor)
    return None
