"""What a program does in passes over data: it trains, evaluates, changes modes; each found in the traces of its runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, TypeVar

from torchlint.analysis.edits.places import insert_line, wrap_statement
from torchlint.analysis.edits.places import replace as replace_text
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import (
    NONE,
    Const,
    Frame,
    Instance,
    Iteration,
    Library,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import descendants
from torchlint.analysis.values.events import Event, EventKind, LoopRun, Round
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.origins import holds_of, model_of, parts
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Fix


@immutable
class ModelUse:
    """One model in an evaluation: its first `call`, and whether a graph is built there.

    `by_mode`: the model is in eval mode; `by_training`: it is trained in another place. `ended`: what comes
    out ends in numbers, arrays or predictions. `training` is its mode, `moded` whether that matters. `loaded`: its
    weights come from a file, and it is given data that was not made up for it.
    """

    call: Event
    subjects: frozenset[int]
    grad: bool | None
    by_mode: bool
    ended: bool
    training: bool | None
    moded: bool | None
    frozen: bool
    loaded: bool = False
    by_training: bool = False

    @property
    def infers(self) -> bool:
        """Whether the program applies a model that was trained before, and only that."""
        return self.loaded and not self.by_training


@immutable
class EvaluationPass(Fact):
    """Models are applied, in a loop or once, and nothing of it is used for gradients.

    `site` is the loop, or the call where there is none. `by_data`: the loop goes over data for validation or test.
    `only`: its function does nothing else; `shared`: the same code trains in another run of it.
    `mode_changes`: something in the program switches modes.
    """

    uses: tuple[ModelUse, ...]
    loop: LoopRun | None
    by_data: bool
    only: bool
    mode_changes: bool = True
    shared: bool = False

    @property
    def over_data(self) -> bool:
        """Whether the loop goes over something that may be data (no counter, no condition)."""
        return self.loop is not None and over_data(self.loop)

    def in_train_mode(self, use: ModelUse) -> bool:
        """Whether a model is known to be in train mode, or nothing in the whole program ever changes modes."""
        return use.training is True or (use.training is None and not self.mode_changes)

    @property
    def without_gradients(self) -> Fix | None:
        """The loop under `torch.no_grad()`; a function that does nothing but evaluate gets it as a decorator."""
        name = torch_name(self.frame)
        if name is None or self.shared:
            return None
        function = self.frame.function.node if self.frame.function is not None else None
        if self.only and isinstance(function, ast.FunctionDef):
            return insert_line(self.site.at(function), f"@{name}.no_grad()", "Switch gradients off in the function")
        return wrap_statement(self.site.statement, f"with {name}.no_grad():", "Switch gradients off")

    def with_eval(self, use: ModelUse) -> Fix | None:
        """`model.eval()` on the line above the loop."""
        model = applied_text(use.call, self.loop)
        if model is None or self.loop is None or self.shared:
            return None
        return insert_line(self.site.statement, f"{model}.eval()", "Put the model in eval mode", "unsafe")


@immutable
class TrainingStep(Fact):
    """Gradients are computed and an optimizer steps with them, in every round of a loop.

    `site` is the backward call. `emptied` is whether the optimizer's gradients may be emptied in each round;
    `alone`: no other optimizer steps in the loop, and this one does at each backward.
    """

    backward: Event
    step: Event
    loop: LoopRun
    emptied: bool
    alone: bool

    @property
    def zero_grad(self) -> Fix | None:
        """`optimizer.zero_grad()` above the backward call, where the one optimizer steps at each backward."""
        optimizer = stepped_text(self.step)
        if not self.alone or optimizer is None or self.step.frame is not self.backward.frame:
            return None
        return insert_line(self.site.statement, f"{optimizer}.zero_grad()", "Empty the gradients first")


@immutable
class OutOfOrder(Fact):
    """A call of a training step at the wrong place; `kind`: "erased", "early", "clip early", "clip late", "scheduler"."""

    event: Event
    other: Event
    kind: str


@immutable
class ModeKept(Fact):
    """A model that is trained is still in the eval mode that the last round left it in; `site` is the `eval()` call."""

    change: Event
    call: Event
    loop: LoopRun
    moded: bool | None

    @property
    def with_train(self) -> Fix | None:
        """`model.train()` as the first line of the loop."""
        node = self.loop.site.node
        model = applied_text(self.call, None) if self.call.frame is self.loop.frame else None
        if model is None or self.change.site.tree is not self.loop.site.tree or not isinstance(node, ast.For | ast.While):
            return None
        return insert_line(self.loop.site.at(node.body[0]), f"{model}.train()", "Switch back to train mode", "unsafe")


@immutable
class OptimizerMisplaced(Fact):
    """An optimizer that cannot do its work; `kind`: "in the loop", "other model", "replaced", "no parameters"."""

    kind: str
    optimizer: Instance
    other: Event | None


@immutable
class LoaderOrder(Fact):
    """A loader whose order is known is gone through by training or by an evaluation; `site` is where it was made."""

    loader: Instance
    training: bool
    shuffled: bool


@immutable
class StateCarried(Fact):
    """A recurrent model takes what it gave in the last round; `attached`: with the graph of that round."""

    call: Event
    argument: int
    attached: bool
    pair: bool
    first: Value | None
    loop: LoopRun

    @property
    def detached(self) -> Fix | None:
        """The state given without its graph; not where it is None at first."""
        node = self.site.node
        if self.first is None or self.first == NONE or not isinstance(node, ast.Call) or self.argument >= len(node.args):
            return None
        given = node.args[self.argument]
        if not isinstance(given, ast.Name):
            return None
        text = f"tuple(state.detach() for state in {given.id})" if self.pair else f"{given.id}.detach()"
        return replace_text(self.site.at(given), text, "Cut the state's history", "unsafe")


def torch_name(frame: Frame) -> str | None:
    """The name by which a function knows torch."""
    for scope in (frame.locals, *reversed(frame.scopes)):
        for name, value in scope.items():
            if isinstance(value, Library) and value.name == "torch":
                return str(name)
    return None


def stepped_text(step: Event) -> str | None:
    """The optimizer as it is written in its step: before the dot, or as a scaler's argument."""
    node = step.site.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    written = node.args[0] if step.arguments and node.args else node.func.value
    return step.site.at(written).text if isinstance(written, ast.Name | ast.Attribute) else None


def applied_text(call: Event, loop: LoopRun | None) -> str | None:
    """What is written before the parentheses of a model's call, if that stands in the loop itself."""
    node = call.site.node
    if not isinstance(node, ast.Call) or (loop is not None and call.frame is not loop.frame):
        return None
    callee = node.func
    if isinstance(callee, ast.Attribute) and callee.attr == "forward":
        callee = callee.value
    plain = callee
    while isinstance(plain, ast.Attribute):
        plain = plain.value
    return call.site.at(callee).text if isinstance(plain, ast.Name) else None


def over_data(loop: LoopRun) -> bool:
    """Whether a loop goes over something that may be data: no counter, no condition."""
    match loop.iterated:
        case None | Library() | Iteration(element=Unknown(method=None), source=None):
            return False
        case Tuple():
            return not all(isinstance(item, Const) for item in loop.iterated.items)
        case Iteration():
            return over_data(replace(loop, iterated=loop.iterated.source))
    return True


Found = TypeVar("Found", bound=Fact)


@dataclass(slots=True)
class Run:
    """The trace of one run: of a file's top level, or of something that nobody calls."""

    trace: tuple[Event, ...]
    left: dict[int, set[int]]
    log: list[Any]
    # Whether a program around a file has modules that take gradients in their forward.
    differentiates: Callable[[str], bool] = lambda path: False
    _parts: dict[int, frozenset[int]] = field(default_factory=dict)
    _found: dict[Finder, tuple[Any, ...]] = field(default_factory=dict)
    _kinds: dict[str, list[Event]] = field(default_factory=dict)
    _models: dict[tuple[Round, ...], dict[int, Site]] = field(default_factory=dict)

    def of(self, *kinds: EventKind) -> Iterator[Event]:
        """The events of some kinds, one kind after another."""
        if not self._kinds:
            for event in self.trace:
                self._kinds.setdefault(event.kind, []).append(event)
        return chain.from_iterable(self._kinds.get(kind, ()) for kind in kinds)

    def models_in(self, rounds: tuple[Round, ...]) -> dict[int, Site]:
        """Where models are called in these very rounds of loops, by the keys of the places."""
        if not self._models:
            for event in self.of("model"):
                self._models.setdefault(event.rounds, {})[event.site.key] = event.site
        return self._models.get(rounds, {})

    def parts(self, value: Value | None) -> frozenset[int]:
        """A module and the modules in it, worked out once for each."""
        if not isinstance(value, Instance):
            return parts(value)
        key = id(value.store)
        if key not in self._parts:
            self._parts[key] = parts(value)
        return self._parts[key]

    def found(self, find: Callable[[Run], Iterator[Found]]) -> tuple[Found, ...]:
        """What a finder finds in this run, which is looked through once for it."""
        if find not in self._found:
            self._found[find] = tuple(find(self))
        return self._found[find]


Finder = Callable[[Run], Iterator[Fact]]


class Passes:
    """Collects what the runs of a program show; the facts are given out when all of it was run."""

    def __init__(self) -> None:
        self._found: list[Fact] = []
        self._trained: set[int] = set()
        self._kept: list[object] = []
        self.training_places: dict[int, Site] = {}
        self._changes_modes = False

    def add(self, run: Run, finders: tuple[Finder, ...]) -> None:
        """Take what a run shows; its objects are kept, since they are told apart by identity."""
        for event in run.trace:
            if event.kind == "backward":
                self._train(model_of(event.subject))
                self._trains_at(event, run)
            elif event.kind == "step":
                for each in holds_of(event.subject) or ():
                    self._train(each)
            elif event.kind == "eval" or (event.kind == "mode" and event.training is None):
                self._changes_modes = True
        for find in finders:
            self._found.extend(run.found(find))

    def _train(self, module: Value | None) -> None:
        if module is not None:
            self._kept.extend((module, *descendants(module)))
            self._trained |= parts(module)

    def _trains_at(self, backward: Event, run: Run) -> None:
        """Note the loops, functions and model calls that are part of training: nothing may switch gradients off there."""
        for each in backward.rounds:
            self.training_places[each.loop.site.key] = each.loop.site
        frame = backward.frame
        while frame is not None and frame.function is not None:
            self.training_places[id(frame.function.node)] = Site(frame.tree, frame.function.node)
            frame = frame.caller
        self.training_places.update(run.models_in(backward.rounds))

    def facts(self, trains: Callable[[Site], bool], changes_modes: Callable[[str], bool]) -> Iterator[Fact]:
        """What was found; `trains` says of a place whether any entry trains there, `changes_modes` of a file whether something around it does."""
        ended = {(fact.site.key, use.call.site.key) for fact in self._found if isinstance(fact, EvaluationPass) for use in fact.uses if use.ended}
        for fact in self._found:
            if isinstance(fact, EvaluationPass):
                # What ends in numbers in one run does in the others, where less is known.
                uses = tuple(
                    replace(use, ended=(fact.site.key, use.call.site.key) in ended, by_training=not self._trained.isdisjoint(use.subjects)) for use in fact.uses
                )
                function = fact.frame.function
                places = [fact.site, *(use.call.site for use in uses if fact.loop is None)]
                if function is not None and fact.only:
                    places.append(Site(fact.frame.tree, function.node))
                # All places are asked about, so that it is known which answers counted.
                training = [trains(each) for each in places]
                changes = self._changes_modes or changes_modes(fact.site.path)
                yield replace(fact, uses=uses, mode_changes=changes, shared=any(training))
            else:
                yield fact
