"""The state of an interpretation, and the operations on it that every part of the interpreter shares."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from torchlint.analysis.facts.checkpoints import CheckpointRead
from torchlint.analysis.facts.classes import ClassSettled
from torchlint.analysis.facts.passes import Passes
from torchlint.analysis.machine.outcome import Outcome
from torchlint.analysis.machine.revelation import TurnedOut
from torchlint.analysis.values.abstract import UNKNOWN, Frame, Instance, LibraryMethod, Tensor, Unknown, Value
from torchlint.analysis.values.devices import DEFAULT
from torchlint.analysis.values.events import Event, EventKind, Round
from torchlint.analysis.values.join import join, join_slots
from torchlint.analysis.values.origins import model_of
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import Store
from torchlint.analysis.values.trail import Delta, Trail
from torchlint.project.imports import ImportIndex
from torchlint.project.program import Program
from torchlint.syntax.tree import Tree
from torchlint.torch_api.shapes.error import ShapeError


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is run; beyond that, results are unknown.

    `statements` for each entry point, `calls` inside calls, `same_function` inside itself; a loop over known
    elements is run for each of them up to so many `rounds` of so many `looped` statements in all. What is done beside
    statements (calls, rounds of comprehensions, events told again) is `free` so often and `dear` beyond; an entry point that
    needs more leaves the next ones half as much. A function that
    as many entry points have run as `familiar` says shows little that is new: its statements then cost `familiar_cost`.
    `remembered` says whether a call with the arguments of an earlier one is not run again.
    """

    statements: int = 5_000
    free: int = 5_000
    dear: int = 10
    calls: int = 24
    same_function: int = 2
    rounds: int = 40
    looped: int = 300
    familiar: int = 24
    familiar_cost: int = 40
    remembered: bool = True


@dataclass(slots=True, eq=False)
class FileState:
    """One file of the program: its tree, its globals, whether its body has been run, and run out of budget."""

    tree: Tree
    globals: Store = field(default_factory=dict)
    status: str = "new"
    exhausted: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """What runs each part of Python: statements and expressions by their node's type, the other verbs by name.

    Given to the machine when it is put together, so that any part may ask for what stands above it; who looks on
    (an explanation, a trace of a model) puts a verb of its own around one of these.
    """

    statements: Mapping[type[ast.AST], Callable[[Machine, Any], bool]]
    expressions: Mapping[type[ast.AST], Callable[[Machine, Any], Value]]
    execute: Callable[[Machine, Sequence[ast.stmt]], bool]
    assign: Callable[[Machine, ast.expr, Value], None]
    call: Callable[[Machine, Value, Sequence[Value], Mapping[str, Value], ast.AST], Value]
    attribute: Callable[[Machine, Value, str, ast.AST], Value]
    run_file: Callable[[Machine, str], Store]
    packages: Packages


@dataclass(frozen=True, slots=True)
class Packages:
    """What stands in for code that is not read: packages' functions, methods and objects, and values that only they make.

    Operations on values are found by the value's type; `iterated`, `item` and the others answer for every type.
    """

    call: Callable[[Machine, str, Sequence[Value], Mapping[str, Value], ast.AST], Value]
    call_starred: Callable[[Machine, str, Sequence[Value], ast.AST], Value]
    call_method: Callable[[Machine, LibraryMethod, Sequence[Value], Mapping[str, Value], ast.AST], Value]
    apply: Callable[[Machine, Instance, Sequence[Value], Mapping[str, Value], ast.AST], Value]
    initialize: Callable[[Machine, Instance, Sequence[Value], Mapping[str, Value], ast.AST], None]
    arithmetic: Callable[[Machine, ast.AST, str, Sequence[Value]], Value]
    augmented: Callable[[Machine, Value, Value, ast.AST], Value]
    iterated: Callable[[Machine, Value, ast.AST], Value]
    item: Callable[[Machine, Value, Value, ast.AST], Value]
    set_item: Callable[[Machine, Value, Value, Value, ast.AST], None]
    set_attribute: Callable[[Machine, Value, str, Value, ast.AST], None]
    unpacked: Callable[[Machine, Value, Sequence[ast.expr]], Value]


class Machine:
    """What is true at the moment; the parts of the interpreter are built upon it."""

    limits = Limits()

    def __init__(
        self,
        language: Language,
        program: Program,
        trees: Mapping[str, Tree],
        wanted: frozenset[type],
        emit: Callable[[object], None],
        calls: frozenset[str] | None = None,
        about: Mapping[type, tuple[type, ...]] | None = None,
    ) -> None:
        self.language = language
        self.packages = language.packages
        self._expressions = language.expressions
        # Who looks on is told of all that torch would refuse: the operation, the reason, the layer and the place.
        self.refused: Callable[[str, ShapeError, Value | None, Site], None] | None = None
        self.program = program
        self.files = {path: FileState(tree) for path, tree in trees.items()}
        self.index = ImportIndex(list(trees), program.roots)
        self.wanted = wanted
        self.emit = emit
        self.wanted_calls = calls
        self.wanted_values = {fact: (about or {}).get(fact, (Value,)) for fact in wanted}
        self.trail = Trail()
        self.grad: bool | None = True
        self.arms: tuple[int, ...] = ()
        self.trace: list[Event] = []
        self.rounds: tuple[Round, ...] = ()
        self.left: dict[int, set[int]] = {}
        self.passes = Passes()
        self.turned_out = TurnedOut(emit)
        self.torch.applying = 0
        self.untaken = False
        self.frame: Frame = Frame(next(iter(trees.values())), {}, ())
        self.budget = self.limits.statements
        # How much that is no statement is free in this entry point, and in the next.
        self.free = self.limits.free
        self.allowed = self.limits.free
        # The entry point that runs, and for each function the last one that ran it and how many did.
        self.entry = 0
        self._entries = count(1)
        self.coverage.reached: dict[ast.AST, tuple[int, int]] = {}
        # Functions whose calls were left out for want of budget, and whether gradients were on there.
        self.coverage.left_out: dict[ast.AST, set[bool | None]] = {}
        # Whether something was left out for want of budget: what it built may lack a part.
        self.exhausted = False
        self.coverage.called: set[ast.AST] = set()
        self.coverage.instantiated: set[ast.AST] = set()
        self.torch.applied_at: Site | None = None
        # Facts that are told when the whole program has been run.
        self.pending.checkpoints: list[CheckpointRead] = []
        self.torch.picks_device = False
        self.pending.classes: list[ClassSettled] = []
        self.pending.trained: set[int] = set()
        # Where a list that holds a thing was repeated, by the thing's store.
        self.pending.repeated: dict[int, tuple[Site, Value]] = {}
        self.read_globals: set[str] = set()
        self._arm_count = 0
        # What decides whether an arm is run, by the arm.
        self.conditions: dict[int, ast.expr] = {}

        # What functions came to, by function and arguments; whether they are generators; what loops assign.
        self.memo.outcomes: dict[tuple[Any, ...], Outcome] = {}
        self.memo.generators: dict[ast.AST, bool] = {}
        self.memo.targets: dict[ast.AST, list[Any]] = {}
        # The expression that is evaluated for nobody, where one is: `x.to(device)` as a statement.
        self.statement: ast.AST | None = None
        # In how many calls of something of which only a few alternatives are known the program is: which of
        # them is taken may hang together with what it is given.
        self.unsure = 0
        # The attributes of the last instance that was made alone, as its `__init__` left them.
        self.as_made: Mapping[str, Value] = {}
        # How many sizes were given names, by annotations and by what is unpacked.
        self.annotated_sizes = 0
        self.named_sizes = 0
        # What is gathered, and what is taken for logits or thresholded, until it is told (see `analysis.notes`).
        self.pending.gathered: list[Any] = []
        self.pending.logits: dict[object, tuple[Site, Value]] = {}
        self.pending.thresholds: list[Any] = []
        # torch's own state: the dtype and the device of what is made without either, whether layers are being frozen,
        # under which guards layers with parameters were applied in the model that is being applied, whether an element
        # of a Sequential is being applied, how often an optimizer stepped, which files were written in which run, and
        # which tensors were changed through `.data`, by identity, and where.
        self.torch.written: list[tuple[Frame, Value]] = []
        self.torch.overwritten: dict[int, tuple[Tensor, Site]] = {}
        sets_defaults = any("set_default_" in source.text for source in program.sources.values())
        self.torch.default_dtype: str | None = None if sets_defaults else "float32"
        self.torch.device_context: str | None = None if sets_defaults else DEFAULT
        self.torch.freezing = False
        self.torch.layer_grads: set[bool | None] = set()
        self.torch.in_sequence = False
        self.torch.clock = 0

    # The verbs of Python, as `language` has them.

    def eval(self, node: ast.expr) -> Value:
        """What an expression evaluates to."""
        evaluate = self._expressions.get(type(node))
        return evaluate(self, node) if evaluate else UNKNOWN

    def execute(self, body: Sequence[ast.stmt]) -> bool:
        """Run statements; whether control comes out at the end."""
        return self.language.execute(self, body)

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind what is left of `=`."""
        self.language.assign(self, target, value)

    def call(self, callee: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        """`callee(*positional, **keywords)`."""
        return self.language.call(self, callee, positional, keywords, node)

    def attribute(self, value: Value, name: str, node: ast.AST) -> Value:
        """`value.name`."""
        return self.language.attribute(self, value, name, node)

    def iterated(self, value: Value, node: ast.AST) -> Value:
        """An element of what a loop goes over."""
        return self.packages.iterated(self, value, node)

    def run_file(self, path: str) -> Store:
        """The globals of a file of the program, which is run if it was not."""
        return self.language.run_file(self, path)

    # Shared operations.

    def begin_entry(self) -> None:
        """Start an entry point: a file, or something that nobody calls; it has a budget of its own."""
        self.entry = next(self._entries)
        self.grad, self.arms, self.trace, self.rounds = True, (), [], ()
        self.budget, self.free = self.limits.statements, self.allowed

    def charge(self, count: int = 1) -> None:
        """Count work that is no statement: calls, rounds of comprehensions, events that are told again."""
        spent = count * self.frame.cost
        if spent <= self.free:
            self.free -= spent
            return
        if self.free:
            self.allowed = max(self.allowed // 2, self.limits.free // 32)
        self.budget -= (spent - self.free) * self.limits.dear
        self.free = 0

    @property
    def spent(self) -> bool:
        """Whether nothing is left of the budget, nor of what is free: work that is no statement is left out as well."""
        return self.budget <= 0 and not self.free

    def cost_of(self, function: ast.AST) -> int:
        """What each statement of a function costs when it is run now."""
        last, times = self.coverage.reached.get(function, (0, 0))
        if last != self.entry:
            times += 1
            self.coverage.reached[function] = (self.entry, times)
        return 1 if times <= self.limits.familiar else self.limits.familiar_cost

    def site(self, node: ast.AST) -> Site:
        return Site(self.frame.tree, node)

    def application(self, node: ast.AST) -> Site:
        """Where a layer is applied: its construction for an element of a Sequential, else the call."""
        return self.torch.applied_at or self.site(node)

    def unknown(self, node: ast.AST) -> Unknown:
        return Unknown(Site(self.frame.tree, node))

    def event(
        self,
        kind: EventKind,
        node: ast.AST,
        subject: Value,
        arguments: tuple[Value, ...] = (),
        result: Value | None = None,
        training: bool | None = None,
    ) -> None:
        self.trace.append(
            Event(kind, self.site(node), subject, self.grad, self.arms, training, arguments, result, rounds=self.rounds, frame=self.frame)
        )

    def ends(self, value: Value, node: ast.AST) -> None:
        """Note that gradients end with what is made of a value, if that is a model's output."""
        if model_of(value) is not None:
            self.event("end", node, value)

    def bind_name(self, name: str, value: Value) -> None:
        """Bind a name in the scope that it belongs to."""
        frame = self.frame
        if name in frame.globals:
            self.trail.set(frame.scopes[0] if frame.scopes else frame.locals, name, value)
        elif name in frame.nonlocals:
            scope = next((each for each in reversed(frame.scopes[1:]) if name in each), frame.locals)
            self.trail.set(scope, name, value)
            # What other closures read of that scope outlives this function.
            self.trail.version += 1
        elif frame.function is None and name in self.read_globals:
            # A function has read it: what functions came to may not hold any more.
            self.trail.set(frame.locals, name, value)
        else:
            self.trail.set_local(frame.locals, name, value)

    def in_arms(self, arms: Sequence[Callable[[], bool]], condition: ast.expr | None = None) -> bool:
        """Run each arm from the present state and join those that come out; whether any does."""
        outcomes: list[Delta] = []
        before = self.arms
        mark = self.trail.mark()
        grads: list[bool | None] = []
        grad = self.grad
        for arm in arms:
            self._arm_count += 1
            self.arms = (*before, self._arm_count)
            if condition is not None:
                self.conditions[self._arm_count] = condition
            self.grad = grad
            if arm():
                outcomes.append(self.trail.delta(mark))
                grads.append(self.grad)
            self.trail.undo(mark)
        self.arms = before
        self.grad = grad
        if not outcomes:
            return False
        self.grad = grads[0] if grads.count(grads[0]) == len(grads) else None
        self.trail.merge(outcomes, join_slots)
        return True

    def either(self, arms: Sequence[Callable[[], Value]], condition: ast.expr | None = None) -> Value:
        """The join of what the arms evaluate to, and of what they do."""
        values: list[Value] = []

        def keep(arm: Callable[[], Value]) -> bool:
            values.append(arm())
            return True

        self.in_arms([lambda arm=arm: keep(arm) for arm in arms], condition)  # type: ignore[misc]
        result = values[0]
        for value in values[1:]:
            result = join(result, value)
        return result

    @contextmanager
    def gradients(self, mode: bool | None) -> Iterator[None]:
        """Run with gradients on, off or unknown."""
        before, self.grad = self.grad, mode
        try:
            yield
        finally:
            self.grad = before

    def mode(self, value: Value) -> bool | None:
        """Whether a module is in training mode; None where that is not known."""
        return value.store.get("training", True) if isinstance(value, Instance) else None
