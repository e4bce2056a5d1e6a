"""The state of an interpretation, and the operations on it that every part of the interpreter shares."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from functools import partial
from itertools import count
from typing import Any

from torchlint.analysis.machine.coverage import Coverage
from torchlint.analysis.machine.files import Files
from torchlint.analysis.machine.memo import Memo
from torchlint.analysis.machine.revelation import TurnedOut
from torchlint.analysis.machine.torch_state import TorchState
from torchlint.analysis.machine.unit import Question, Unit
from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Frame,
    Instance,
    LibraryMethod,
    Unknown,
    Value,
)
from torchlint.analysis.values.devices import DEFAULT
from torchlint.analysis.values.events import Event, EventKind, Round
from torchlint.analysis.values.join import join, join_slots
from torchlint.analysis.values.origins import model_of
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import MODE_SET_IN
from torchlint.analysis.values.trail import Delta, Trail
from torchlint.project.around import Around
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
    needs more leaves the next ones of its file half as much. A function that
    as many entry points of one file have run as `familiar` says shows little that is new: its statements then cost `familiar_cost`.
    `remembered` says whether a call with the arguments of an
    earlier one is not run again.
    """

    statements: int = 5_000
    free: int = 5_000
    dear: int = 10
    calls: int = 24
    same_function: int = 2
    rounds: int = 40
    looped: int = 300
    familiar: int = 1
    familiar_cost: int = 40
    remembered: bool = True


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
    run_file: Callable[[Machine, str], None]
    global_value: Callable[[Machine, str, str], Any]
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


@dataclass(slots=True, eq=False)
class Machine:
    """What is true at the moment; the parts of the interpreter are built upon it.

    `emit` is given each fact of a type in `wanted`; of calls, those of the bare names in `wanted_calls`; of facts about
    values, those about the kinds in `wanted_values`, of which `about` has what rules say. `left` are the loops that an
    arm of a branch left, `rounds` those that run. `untaken` says that an arm is run that a setting leaves out.
    """

    language: Language
    program: Program
    trees: InitVar[Mapping[str, Tree]]
    wanted: frozenset[type]
    emit: Callable[[object], None]
    wanted_calls: frozenset[str] | None = None
    about: InitVar[Mapping[type, tuple[type, ...]] | None] = None

    packages: Packages = field(init=False)
    files: Files = field(init=False)
    index: ImportIndex = field(init=False)
    wanted_values: dict[type, tuple[type, ...]] = field(init=False)
    # Who looks on is told of all that torch would refuse: the operation, the reason, the layer and the place.
    refused: Callable[[str, ShapeError, Value | None, Site], None] | None = None

    torch: TorchState = field(default_factory=TorchState)
    # What is run is run on account of the entries of one file.
    unit: Unit = field(init=False)
    touched: set[str] = field(init=False)
    units: dict[str, Unit] = field(default_factory=dict)
    # What all entries marked, once they were run; before, what those marked that are not run again.
    marks: frozenset[Question] = frozenset()
    turned_out: TurnedOut = field(init=False)
    memo: Memo = field(default_factory=Memo)
    coverage: Coverage = field(default_factory=Coverage)

    trail: Trail = field(default_factory=Trail)
    frame: Frame = field(init=False)
    grad: bool | None = True
    trace: list[Event] = field(default_factory=list)
    rounds: tuple[Round, ...] = ()
    left: dict[int, set[int]] = field(default_factory=dict)
    arms: tuple[int, ...] = ()
    # What decides whether an arm is run, by the arm.
    conditions: dict[int, ast.expr] = field(default_factory=dict)
    untaken: bool = False

    # The entry point that runs and the file that it is of, what is left of its budget, and whether something was left out for want of it: what
    # that built may lack a part.
    limits: Limits = Limits()
    entry: int = 0
    entry_path: str = ""
    budget: int = Limits().statements
    free: int = Limits().free
    exhausted: bool = False
    # The globals that some function has read.
    read_globals: set[str] = field(default_factory=set)
    # The expression that is evaluated for nobody, where one is: `x.to(device)` as a statement.
    statement: ast.AST | None = None
    # In how many calls of something of which only a few alternatives are known the program is: which of them is taken
    # may hang together with what it is given.
    unsure: int = 0
    # How many sizes were given names, by annotations and by what is unpacked.
    annotated_sizes: int = 0
    named_sizes: int = 0

    _entries: Iterator[int] = field(default_factory=partial(count, 1))
    _arm_count: int = 0
    _around: Around = field(init=False)
    _expressions: Mapping[type[ast.AST], Callable[[Machine, Any], Value]] = field(init=False)

    def __post_init__(self, trees: Mapping[str, Tree], about: Mapping[type, tuple[type, ...]] | None) -> None:
        self.packages = self.language.packages
        self._expressions = self.language.expressions
        self.files = Files(trees, self._entries)
        self._around = Around(self.program)
        self.index = ImportIndex(list(trees), self.program.roots)
        self.wanted_values = {fact: (about or {}).get(fact, (Value,)) for fact in self.wanted}
        self.turned_out = TurnedOut(self.emit)
        self.unit = Unit("")
        self.touched = self.unit.touched
        self.frame = Frame(next(trees[path] for path in (*sorted(self.program.linted), *trees) if path in trees), {}, ())
        self.begin_entry(self.frame.tree.path)

    # The verbs of Python, as `language` has them.

    def eval(self, node: ast.expr) -> Value:
        """What an expression evaluates to."""
        kind, expressions = type(node), self._expressions
        return expressions[kind](self, node) if kind in expressions else UNKNOWN

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

    def any_around(self, how: str, path: str, words: tuple[str, ...], uses: Callable[[ast.Module], bool]) -> bool:
        """Whether a file around one uses words in some way; of the files that have them all only the first that uses them so is touched."""
        return self._any_of((how, path, *words), lambda: self._around.having(path, words), uses)

    def called_under(self, path: str, switches: tuple[str, ...], name: str, uses: Callable[[ast.Module], bool]) -> bool:
        """Whether a file around one calls a name under one of these words; only files where it looks so are read."""
        return self._any_of(("calls under", path, name, *switches), lambda: self._around.calling_under(path, switches, name), uses)

    def _any_of(self, question: Question, files: Callable[[], Iterator[str]], uses: Callable[[ast.Module], bool]) -> bool:
        if question not in self.unit.asked:
            self.unit.asked[question] = False
            for each in files():
                if (state := self.files.get(each)) is not None and uses(state.tree.module):
                    self.unit.asked[question] = True
                    self.touched.add(each)
                    break
        return self.unit.asked[question]

    def said_around(self, word: str, path: str | None = None) -> bool:
        """Whether a word stands anywhere around a file: else around the one that runs."""
        return self._ask("says", path or self.frame.tree.path, word)

    def resolve(self, importer: str, module: str, level: int) -> str | None:
        """The file of the program that an import means; None for what is not in it."""
        return self.index.resolve(importer, module, level)

    def _ask(self, *question: str) -> bool:
        """The answer to a question about what surrounds a file, which is noted with the entries that ask."""
        answer = self.unit.asked.get(question)
        if answer is None:
            answer = self.unit.asked[question] = self._around.answer(question)
        return answer

    @contextmanager
    def on_account_of(self, path: str, at_top: bool = False) -> Iterator[None]:
        """Run something on account of the entries of a file: its top level, which makes its names, or another one."""
        before = (self.unit, self.touched)
        self.unit = self.units.setdefault(path, Unit(path))
        self.touched = self.unit.at_top if at_top else self.unit.touched
        try:
            yield
        finally:
            self.unit, self.touched = before

    def mark(self, kind: str, site: Site) -> None:
        """Note that something was done at a place which other entries may ask about."""
        self.unit.marks.add((kind, *site.mark))

    def is_marked(self, kind: str, site: Site) -> bool:
        """Whether any entry of the program did that at a place; to be asked when all was run."""
        mark = (kind, *site.mark)
        answer = self.unit.checked[mark] = mark in self.marks
        return answer

    def is_imported(self, path: str) -> bool:
        """Whether any other file of the program imports a file."""
        return self._ask("imported", path)

    def stands(self, word: str, path: str) -> bool:
        """Whether a word stands in a file's text."""
        return self._around.stands(word, path)

    def may_offer(self, path: str, name: str) -> bool:
        """Whether a file may have a global name, by its text and those of the files whose every name it imports."""
        return self._around.may_offer(path, name)

    def run_file(self, path: str) -> None:
        """Run the top level of a file of the program, if it was not."""
        self.language.run_file(self, path)

    def global_value(self, path: str, name: str) -> Any:
        """What a global name of a file of the program stands for; else MISSING. What makes it is run if it was not."""
        return self.language.global_value(self, path, name)

    # Shared operations.

    def begin_entry(self, path: str, entry: int | None = None) -> None:
        """Start an entry point of a file, by its number if it has one: the file itself, or something that nobody calls; it has a budget of its own."""
        self.entry, self.entry_path = next(self._entries) if entry is None else entry, path
        # A program that sets its own defaults may do so before or after.
        sets_defaults = self.said_around("set_default_", path)
        self.torch.default_dtype = None if sets_defaults else "float32"
        self.torch.device_context = None if sets_defaults else DEFAULT
        self.grad, self.arms, self.trace, self.rounds = True, (), [], ()
        self.budget, self.free = self.limits.statements, self.coverage.allowed.get(path, self.limits.free)

    @contextmanager
    def apart(self, path: str, entry: int | None = None) -> Iterator[None]:
        """Run an entry point of a file in the midst of another one, which goes on afterwards as it was."""
        defaults = (self.torch.default_dtype, self.torch.device_context)
        kept = (self.entry, self.entry_path, self.frame, self.grad, self.arms, self.trace, self.budget, self.free, self.rounds)
        gathered, self.unit.pending.gathered = self.unit.pending.gathered, []
        applying, self.torch.applying = self.torch.applying, 0
        self.begin_entry(path, entry)
        try:
            yield
        finally:
            self.unit.pending.gathered, self.torch.applying = gathered, applying
            self.torch.default_dtype, self.torch.device_context = defaults
            self.entry, self.entry_path, self.frame, self.grad, self.arms, self.trace, self.budget, self.free, self.rounds = kept

    def charge(self, count: int = 1) -> None:
        """Count work that is no statement: calls, rounds of comprehensions, events that are told again."""
        spent = count * self.frame.cost
        if spent <= self.free:
            self.free -= spent
            return
        if self.free:
            allowed = self.coverage.allowed.get(self.entry_path, self.limits.free)
            self.coverage.allowed[self.entry_path] = max(allowed // 2, self.limits.free // 32)
        self.budget -= (spent - self.free) * self.limits.dear
        self.free = 0

    @property
    def spent(self) -> bool:
        """Whether nothing is left of the budget, nor of what is free: work that is no statement is left out as well."""
        return self.budget <= 0 and not self.free

    def cost_of(self, function: ast.AST) -> int:
        """What each statement of a function costs when it is run now."""
        last, times = self.unit.reached.get(function, (0, 0))
        if last != self.entry:
            times += 1
            self.unit.reached[function] = (self.entry, times)
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
        elif frame.function is None and name in self.read_globals and name in frame.locals:
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
        if not isinstance(value, Instance):
            return None
        if value.store.get(MODE_SET_IN, self.entry) != self.entry and self.entered_alone:
            return None
        training: bool | None = value.store.get("training", True)
        return training

    @property
    def entered_alone(self) -> bool:
        """Whether what runs was entered through something that nobody calls: what others did before is not known."""
        frame: Frame | None = self.frame
        while frame is not None and not frame.alone:
            frame = frame.caller
        return frame is not None
