"""What statements do: bind names, branch, loop, guard, define."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torchlint.semantics.checkpoints import is_state
from torchlint.semantics.classes import find
from torchlint.semantics.data import Data
from torchlint.semantics.devices import asked_device
from torchlint.semantics.events import LoopRun, Round
from torchlint.semantics.expressions import element_of, known_items, origin_of, truth
from torchlint.semantics.facts import Assignment, AugmentedAssignment, Loop, MethodNotCalled, Statement
from torchlint.semantics.frame import Frame, LoopState, TryState
from torchlint.semantics.gradients import ReturnStatement
from torchlint.semantics.intent import meant_as_call
from torchlint.semantics.join import join_all, join_slots, present
from torchlint.semantics.trail import MISSING, Delta
from torchlint.semantics.unrolling import worth_unrolling
from torchlint.semantics.values import (
    NONE,
    UNKNOWN,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Iteration,
    Library,
    LibraryMethod,
    List,
    Method,
    OneOf,
    ProjectFile,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.torch_api.binding import public_names
from torchlint.torch_api.operations import canonical

_OFF = frozenset({"torch.no_grad", "torch.inference_mode"})
# Context managers that leave the gradient mode as it is, whoever made them.
_NEUTRAL = ("builtins.", "torch.", "tqdm.", "contextlib.", "tempfile.", "warnings.", "time.", "threading.", "numpy.", "PIL.", "unittest.", "pytest.")


class Statements(Data):
    """Execution of every kind of statement."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.statement: ast.AST | None = None
        self._targets: dict[ast.AST, list[Any]] = {}
        self._executors: dict[type[ast.AST], Callable[[Any], bool]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated_assign,
            ast.AugAssign: self._augmented,
            ast.If: self._if,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.While: self._while,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Return: self._return,
            ast.Raise: self._raise,
            ast.Break: self._break,
            ast.Continue: self._continue,
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.Global: self._global,
            ast.Nonlocal: self._nonlocal,
            ast.Delete: self._delete,
            ast.Assert: self._assert,
            ast.Match: self._match,
        }

    def execute(self, body: Sequence[ast.stmt]) -> bool:
        for node in body:
            self.budget -= 1
            run = self._executors.get(type(node))
            if run is not None and not run(node):
                return False
        return True

    # Binding.

    def bind_name(self, name: str, value: Value) -> None:
        frame = self.frame
        if name in frame.globals:
            self.trail.set(frame.scopes[0] if frame.scopes else frame.locals, name, value)
        elif name in frame.nonlocals:
            scope = next((each for each in reversed(frame.scopes[1:]) if name in each), frame.locals)
            self.trail.set(scope, name, value)
        elif frame.function is None and name in self.read_globals:
            # A function has read it: what functions came to may not hold any more.
            self.trail.set(frame.locals, name, value)
        else:
            self.trail.set_local(frame.locals, name, value)

    def assign(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name():
                if Assignment in self.wanted:
                    before = self.frame.locals.get(target.id)
                    self.emit(Assignment(self.site(target), self.frame, self.grad, target.id, value, before))
                self.bind_name(target.id, value)
            case ast.Attribute():
                self.set_attribute(self.eval(target.value), target.attr, value, target)
            case ast.Subscript():
                receiver = self.eval(target.value)
                self.set_item(receiver, self._index(target.slice), value, target)
            case ast.Tuple() | ast.List():
                self._unpack(target.elts, value, target)
            case ast.Starred():
                self.assign(target.value, value)

    def _unpack(self, targets: Sequence[ast.expr], value: Value, node: ast.AST) -> None:
        value = self.sizes_unpacked(present(value), targets)
        items = known_items(value)
        starred = next((i for i, each in enumerate(targets) if isinstance(each, ast.Starred)), None)
        if items is not None and starred is None and len(items) == len(targets):
            for target, item in zip(targets, items, strict=True):
                self.assign(target, item)
            return
        if items is not None and starred is not None and len(items) >= len(targets) - 1:
            rest = len(items) - (len(targets) - 1)
            for target, item in zip(targets[:starred], items[:starred], strict=True):
                self.assign(target, item)
            middle = List({"items": items[starred : starred + rest]}, self.site(node))
            self.assign(targets[starred], middle)
            for target, item in zip(targets[starred + 1 :], items[starred + rest :], strict=True):
                self.assign(target, item)
            return
        if isinstance(value, OneOf):
            each = [known_items(alternative) for alternative in value.alternatives]
            if starred is None and all(parts is not None and len(parts) == len(targets) for parts in each):
                for index, target in enumerate(targets):
                    self.assign(target, join_all([parts[index] for parts in each if parts is not None]))
                return
        for index, target in enumerate(targets):
            self.assign(target, self._part(value, index, node))

    def _part(self, value: Value, index: int, node: ast.AST) -> Value:
        if isinstance(value, Unknown):
            return Unknown(self.site(node), f"<part {index}>", value)
        if isinstance(value, Tensor):
            return self.iterated(value, node)
        element = element_of(value)
        return Unknown(self.site(node)) if element is UNKNOWN else element

    def _expression(self, node: ast.Expr) -> bool:
        before, self.statement = self.statement, node.value
        value = self.eval(node.value)
        self.statement = before
        if isinstance(value, LibraryMethod):
            self.bad_operand(value, node.value, "statement")
            if meant_as_call(value):
                self.call(value, (), {}, node.value)
        if Statement in self.wanted:
            self.emit(Statement(self.site(node.value), self.frame, self.grad, value))
        return not self._ends(node.value)

    def _ends(self, node: ast.expr) -> bool:
        """Whether a call never comes back: `sys.exit()`."""
        if not isinstance(node, ast.Call):
            return False
        text = node.func
        if isinstance(text, ast.Name):
            return text.id in ("exit", "quit") and isinstance(self.lookup(text.id), Library)
        return isinstance(text, ast.Attribute) and text.attr in ("exit", "_exit") and isinstance(text.value, ast.Name) and text.value.id in ("sys", "os")

    def _assign(self, node: ast.Assign) -> bool:
        value = self.eval(node.value)
        for target in node.targets:
            self.assign(target, value)
        if isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Add) and len(node.targets) == 1:
            self._added(node, node.value, value)
        return True

    def _added(self, node: ast.Assign, sum_: ast.BinOp, value: Value) -> None:
        """`total = total + loss`."""
        target = node.targets[0]
        if isinstance(target, ast.Name | ast.Attribute) and ast.unparse(target) == ast.unparse(sum_.left):
            operands = value.inputs if isinstance(value, Tensor) else value.receiver.items if isinstance(value, Unknown) and isinstance(value.receiver, Tuple) else ()
            if len(operands) == 2:
                self.gather(node, target, operands[1], sum_.right, value)

    def _annotated_assign(self, node: ast.AnnAssign) -> bool:
        if node.value is not None:
            self.assign(node.target, self.eval(node.value))
        return True

    def _augmented(self, node: ast.AugAssign) -> bool:
        before = self.eval(node.target)
        value = self.eval(node.value)
        if AugmentedAssignment in self.wanted:
            self.emit(
                AugmentedAssignment(
                    self.site(node), self.frame, self.grad, self.site(node.target), type(node.op).__name__, before, value, self.site(node.value), len(self.frame.loops),
                )
            )  # fmt: skip
        if isinstance(before, List) and isinstance(node.op, ast.Add):
            self.list_method(before, "extend", (value,), {}, node)
            for item, written in zip(known_items(value) or (), getattr(node.value, "elts", ()), strict=False):
                self.gather(node, node.target, item, written, before)
            return True
        result = self.binary(before, value, node.op, node)
        if isinstance(before, Tensor):
            self.changes(before, node)
        if isinstance(before, Tensor) and isinstance(result, Tensor):
            result = self.in_place(before, replace(result, shape=before.shape, tail=before.tail))
            self.rebind(before, result)
        self.assign(node.target, result)
        if isinstance(node.op, ast.Add):
            self.gather(node, node.target, value, node.value, result)
        return True

    # Branches.

    def _if(self, node: ast.If) -> bool:
        known = self.test(node.test)
        if known is None and _is_main(node.test):
            known = True
        if known is not None:
            untaken = node.orelse if known else node.body
            if untaken and self._is_setting(node.test):
                self._passes_untaken(untaken)
            return self.execute(node.body if known else node.orelse)
        return self.in_arms([lambda: self._narrowed(node.test, True, node.body), lambda: self._narrowed(node.test, False, node.orelse)])

    def _is_setting(self, test: ast.expr) -> bool:
        """Whether a script branches on a constant that a person turns by hand: `training = False` at its top."""
        plain = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
        return self.frame.function is None and not self.frame.class_body and isinstance(plain, ast.Name) and isinstance(self.lookup(plain.id), Const)

    def _passes_untaken(self, body: Sequence[ast.stmt]) -> None:
        """Run the branch that a setting leaves out for its passes alone; nothing of it remains, and no other fact is told."""
        kept = (self.emit, self.trace, self.called, self.instantiated, self.grad, self.untaken)
        mark = self.trail.mark()
        self.emit, self.trace = (lambda fact: None), list(self.trace)
        self.called, self.instantiated, self.untaken = set(self.called), set(self.instantiated), True
        self.execute(body)
        self.note_passes()
        self.trail.undo(mark)
        self.emit, self.trace, self.called, self.instantiated, self.grad, self.untaken = kept

    def _narrowed(self, test: ast.expr, holds: bool, body: Sequence[ast.stmt]) -> bool:
        """Run an arm knowing that a condition holds or does not: `x is None`, `x`, `not x`."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._narrowed(test.operand, not holds, body)
        target: ast.expr | None = None
        absent = False
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None:
            target = test.left
            absent = isinstance(test.ops[0], ast.Is | ast.Eq) is holds
        elif isinstance(test, ast.Name | ast.Attribute):
            target, absent = test, False
            if not holds:
                target = None
        if isinstance(target, ast.Name):
            value = self.lookup(target.id)
            if isinstance(value, OneOf) and NONE in value.alternatives:
                self.bind_name(target.id, NONE if absent else present(value))
            elif isinstance(value, Unknown) and absent and value is not UNKNOWN:
                self.bind_name(target.id, NONE)
        return self.execute(body)

    def _match(self, node: ast.Match) -> bool:
        self.eval(node.subject)
        arms: list[Callable[[], bool]] = []
        for case in node.cases:
            names = [each.name for each in ast.walk(case.pattern) if isinstance(each, ast.MatchAs | ast.MatchStar) and each.name]

            def arm(case: ast.match_case = case, names: list[str] = names) -> bool:
                for name in names:
                    self.bind_name(name, Unknown())
                if case.guard is not None:
                    self.eval(case.guard)
                return self.execute(case.body)

            arms.append(arm)
        total = any(isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None for case in node.cases)
        return self.in_arms(arms if total else [*arms, lambda: True])

    # Loops.

    def _for(self, node: ast.For | ast.AsyncFor) -> bool:
        source = self.eval(node.iter)
        items = known_items(source) if not isinstance(node, ast.AsyncFor) else None
        start = len(self.trace)
        origin = origin_of(source)
        outside = self.rounds
        if items is not None and self.budget > 0 and worth_unrolling(node, len(items), self.called_body):
            live, first = self._rounds(node, items, self._loop_run(node, origin, len(items)))
        else:
            element = self.iterated(source, node.iter)
            run = self._loop_run(node, origin, None)
            live, first = self._unrolled(node, lambda: self.assign(node.target, element), None, run)
        self.rounds = outside
        self._loop_done(node, origin, start, first)
        return self.execute(node.orelse) if live and node.orelse else live

    def called_body(self, node: ast.Call) -> Sequence[ast.stmt]:
        """The body of the function of the program that a call surely runs; nothing where that is not plain."""
        callee: Value = UNKNOWN
        if isinstance(node.func, ast.Name):
            callee = self.lookup(node.func.id)
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            holder = self.lookup(node.func.value.id)
            if isinstance(holder, Instance) and isinstance(holder.cls, Class):
                callee = holder.store.get(node.func.attr) or find(holder.cls, node.func.attr) or UNKNOWN
        if isinstance(callee, Instance) and isinstance(callee.cls, Class):
            callee = find(callee.cls, "forward") or UNKNOWN
        body = callee.node.body if isinstance(callee, Function) else []
        return body if isinstance(body, list) else []

    def _while(self, node: ast.While) -> bool:
        start = len(self.trace)
        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
        if not endless and self.test(node.test) is False:
            return self.execute(node.orelse)
        outside = self.rounds
        live, first = self._unrolled(node, lambda: self.test(node.test) if not endless else None, endless, self._loop_run(node, None, None))
        self.rounds = outside
        self._loop_done(node, None, start, first)
        return self.execute(node.orelse) if live and node.orelse else live

    def _loop_run(self, node: ast.AST, source: Value | None, count: int | None) -> LoopRun:
        return LoopRun(self.site(node), self.frame, source, count, self.arms, self.trail.mark())

    def _loop_done(self, node: ast.AST, source: Value | None, start: int, first: int) -> None:
        if Loop in self.wanted:
            self.emit(Loop(self.site(node), self.frame, self.grad, source, tuple(self.trace[start:]), first, self.arms))

    def _rounds(self, node: ast.For | ast.AsyncFor, items: tuple[Value, ...], run: LoopRun) -> tuple[bool, int]:
        """A loop over elements that are known one by one; whether control comes out, events of the first round."""
        frame = self.frame
        start = len(self.trace)
        first = 0
        breaks: list[Delta] = []
        mark = self.trail.mark()
        live = True
        outside = self.rounds
        for index, item in enumerate(items):
            self.rounds = (*outside, Round(run, index))
            loop = LoopState(self.site(node), mark)
            frame.loops.append(loop)
            self.assign(node.target, item)
            live = self.execute(node.body)
            frame.loops.pop()
            breaks.extend(loop.breaks)
            if loop.continues:
                outcomes = [*loop.continues, *([self.trail.delta(mark)] if live else [])]
                self.trail.undo(mark)
                self.trail.merge(outcomes, join_slots)
                live = True
            if index == 0:
                first = len(self.trace) - start
            if not live:
                break
            if self.budget <= 0 and index + 1 < len(items):
                self._forget_assigned(node)
                self.exhausted = True
                break
        if breaks:
            outcomes = [*breaks, *([self.trail.delta(mark)] if live else [])]
            self.trail.undo(mark)
            self.trail.merge(outcomes, join_slots)
            live = True
        return live, first

    def _unrolled(
        self, node: ast.For | ast.AsyncFor | ast.While, enter: Callable[[], object], endless: bool | None, run: LoopRun
    ) -> tuple[bool, int]:
        """A loop of unknown length: run twice, then joined with the state before it.

        Counters and flags that the body changes are unknown from the start, so that no
        condition on them is taken to be settled.
        """
        frame = self.frame
        self._forget_counters(node)
        mark = self.trail.mark()
        start = len(self.trace)
        first = 0
        outcomes: list[Delta] = [] if endless else [{}]
        breaks: list[Delta] = []
        grad = self.grad
        before = self.arms
        outside = self.rounds
        # In the second round of a loop around this one, its own second round shows nothing new.
        again = any(each.number and each.loop.count is None for each in outside)
        for index in range(1 if again or self.budget <= 0 else 2):
            self.rounds = (*outside, Round(run, index))
            loop = LoopState(self.site(node), mark)
            frame.loops.append(loop)
            enter()
            live = self.execute(node.body)
            frame.loops.pop()
            breaks.extend(loop.breaks)
            ends = [*loop.continues, *([self.trail.delta(mark)] if live else [])]
            if index == 0:
                first = len(self.trace) - start
            if not ends:
                break
            if loop.continues:
                self.trail.undo(mark)
                self.trail.merge(ends, join_slots)
            outcomes.append(self.trail.delta(mark))
            if not any(value is not MISSING for _, value in outcomes[-1].values()):
                break
        self.trail.undo(mark)
        self.arms = before
        self.grad = grad
        leaving = breaks if endless else [*outcomes, *breaks]
        if not leaving:
            return False, first
        self.trail.merge(leaving, join_slots)
        return True, first

    def _forget_assigned(self, node: ast.AST) -> None:
        """A loop is left before its end: what its body assigns is not known."""
        for target in _assigned_in(node):
            if isinstance(target, ast.Name):
                self.bind_name(target.id, Unknown())
            elif isinstance(target.value, ast.Name) and isinstance(receiver := self.frame.locals.get(target.value.id), Instance):
                self.trail.set(receiver.store, target.attr, Unknown())

    def _forget_counters(self, node: ast.AST) -> None:
        frame = self.frame
        if node not in self._targets:
            self._targets[node] = _assigned_in(node)
        for target in self._targets[node]:
            if isinstance(target, ast.Name):
                held = frame.locals.get(target.id)
                if isinstance(held, Const | Size) and held != NONE:
                    self.bind_name(target.id, Unknown(None, "<number>"))
            elif isinstance(target.value, ast.Name):
                receiver = frame.locals.get(target.value.id)
                if isinstance(receiver, Instance):
                    held = receiver.store.get(target.attr)
                    if isinstance(held, Const | Size) and held != NONE:
                        self.trail.set(receiver.store, target.attr, Unknown())

    def _break(self, node: ast.Break) -> bool:
        if self.frame.loops:
            loop = self.frame.loops[-1]
            loop.breaks.append(self.trail.delta(loop.mark))
            self._leaves(1)
        return False

    def _leaves(self, loops: int) -> None:
        """Note that the arm being run leaves that many loops for good: nothing in it is followed by another round."""
        if self.arms and loops:
            self.left.setdefault(self.arms[-1], set()).update(id(each.loop) for each in self.rounds[-loops:])

    def _continue(self, node: ast.Continue) -> bool:
        if self.frame.loops:
            loop = self.frame.loops[-1]
            loop.continues.append(self.trail.delta(loop.mark))
        return False

    def _return(self, node: ast.Return) -> bool:
        value = self.eval(node.value) if node.value is not None else NONE
        if isinstance(value, LibraryMethod) and node.value is not None:
            self.bad_operand(value, node.value, "return")
        if ReturnStatement in self.wanted:
            self.emit(ReturnStatement(self.site(node), self.frame, self.grad, value))
        self._leaves(len(self.frame.loops))
        self.leave_with(value)
        return False

    # Exceptions and contexts.

    def _raise(self, node: ast.Raise) -> bool:
        if node.exc is not None:
            self.eval(node.exc)
        for state in self.frame.tries[-1:]:
            state.raised.append(self.trail.delta(state.mark))
        if not self.frame.tries:
            self._leaves(len(self.rounds))
        return False

    def _try(self, node: ast.Try) -> bool:
        mark = self.trail.mark()
        state = TryState(mark)
        self.frame.tries.append(state)
        live = self.execute(node.body)
        self.frame.tries.pop()
        after = self.trail.delta(mark)
        arms: list[Callable[[], bool]] = []

        def normal() -> bool:
            self.trail.apply(after)
            return live and (not node.orelse or self.execute(node.orelse))

        def handled(handler: ast.ExceptHandler) -> bool:
            self.trail.merge([{}, after, *state.raised], join_slots)
            if handler.name:
                self.bind_name(handler.name, Unknown())
            return self.execute(handler.body)

        if node.handlers:
            self.trail.undo(mark)
            arms = [normal, *(lambda handler=handler: handled(handler) for handler in node.handlers)]
            live = self._settled(arms)
        elif live and node.orelse:
            live = self.execute(node.orelse)
        return self.execute(node.finalbody) and live if node.finalbody else live

    def _settled(self, arms: list[Callable[[], bool]]) -> bool:
        """Arms of which the first is the usual one: what happens in it is not conditional."""
        return self.in_arms(arms)

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        before = self.grad
        exits: list[Callable[[], None]] = []
        for item in node.items:
            value = present(self.eval(item.context_expr))
            entered = self._enter(value, item.context_expr, exits)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, entered)
        live = self.execute(node.body)
        self.grad = before
        for leave in reversed(exits):
            leave()
        return live

    def _enter(self, value: Value, node: ast.expr, exits: list[Callable[[], None]]) -> Value:
        match value:
            case Instance(cls=str(name)):
                if name in _OFF:
                    self.grad = False
                elif name == "torch.enable_grad":
                    self.grad = True
                elif name == "torch.set_grad_enabled":
                    mode = value.arguments.get("mode", UNKNOWN)
                    self.grad = truth(mode)
                elif name == "torch.device":
                    self._enter_device(value, exits)
                elif not name.startswith(_NEUTRAL) and self.grad:
                    self.grad = None
                return value
            case Unknown(method=str(name)) if name.startswith(_NEUTRAL):
                return Unknown(self.site(node))
            case Library(name=name):
                if (name in _OFF or name.startswith("torch.")) and MethodNotCalled in self.wanted:
                    self.emit(MethodNotCalled(self.site(node), self.frame, self.grad, value, name, "with"))
                self.grad = False if name in _OFF else self.grad
                return UNKNOWN
            case Instance(cls=Class()):
                entered = self.call(self.attribute(value, "__enter__", node), (), {}, node)
                exits.append(lambda: self._leave_context(value, node))
                return entered
            case Iteration():
                self.grad = value.grad if value.grad is not True else self.grad
                return value.element
            case LibraryMethod():
                self.bad_operand(value, node, "with")
        if self.grad and not _mentions_progress(node):
            self.grad = None
        return Unknown(self.site(node))

    def _enter_device(self, value: Instance, exits: list[Callable[[], None]]) -> None:
        before, self.device_context = self.device_context, asked_device(value)

        def leave() -> None:
            self.device_context = before

        exits.append(leave)

    def _leave_context(self, value: Instance, node: ast.expr) -> None:
        self.call(self.attribute(value, "__exit__", node), (NONE, NONE, NONE), {}, node)

    # Definitions.

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        decorators = tuple(self.eval(each) for each in node.decorator_list)
        owner = self.frame.receiver if isinstance(self.frame.receiver, Class) and self.frame.class_body else None
        function = Function(node, self.frame.tree.path, self.visible_scopes(), self.defaults(node.args), owner, decorators)
        self.bind_name(node.name, self._decorated(function, decorators))
        return True

    def _decorated(self, function: Function, decorators: tuple[Value, ...]) -> Value:
        """What decorators of the program make of a function; those of libraries are taken to keep it."""
        value: Value = function
        for decorator in reversed(decorators):
            if isinstance(decorator, Function) and function.owner is None:
                made = self.call(decorator, (value,), {}, function.node)
                value = made if isinstance(made, Function | Method) else value
        return value

    def _class(self, node: ast.ClassDef) -> bool:
        bases = tuple(self.eval(each.value if isinstance(each, ast.Starred) else each) for each in node.bases)
        namespace: dict[str, Any] = {}
        cls = Class(node, self.frame.tree.path, tuple(present(base) for base in bases), namespace, self.visible_scopes())
        caller = self.frame
        self.frame = Frame(
            caller.tree, namespace, self.visible_scopes(), receiver=cls, caller=caller, class_body=True, mark=self.trail.mark(), depth=caller.depth + 1
        )
        try:
            self.execute(node.body)
        finally:
            self.frame = caller
        self.bind_name(node.name, cls)
        return True

    # Imports.

    def _import(self, node: ast.Import) -> bool:
        for alias in node.names:
            path = self.index.resolve(self.frame.tree.path, alias.name, 0)
            top = alias.name.partition(".")[0]
            if path is not None:
                if alias.asname:
                    self.bind_name(alias.asname, self._project_file(path))
                elif "." in alias.name:
                    first = self.index.resolve(self.frame.tree.path, top, 0)
                    self.bind_name(top, self._project_file(first) if first else Library(top))
                    self._project_file(path)
                else:
                    self.bind_name(top, self._project_file(path))
            else:
                self.bind_name(alias.asname or top, Library(canonical(alias.name) if alias.asname else top))
        return True

    def _project_file(self, path: str) -> Value:
        self.run_file(path)
        return ProjectFile(path)

    def _import_from(self, node: ast.ImportFrom) -> bool:
        importer = self.frame.tree.path
        module = node.module or ""
        path = self.index.resolve(importer, module, node.level) if module or node.level else None
        for alias in node.names:
            if alias.name == "*":
                self._import_star(path, module)
                continue
            name = alias.asname or alias.name
            self.bind_name(name, self._imported(importer, module, node.level, alias.name, path))
        return True

    def _imported(self, importer: str, module: str, level: int, name: str, path: str | None) -> Value:
        if path is not None and path != importer:
            held = self.run_file(path).get(name, MISSING)
            if isinstance(held, Value):
                return held
        inner = self.index.resolve(importer, f"{module}.{name}" if module else name, level)
        if inner is not None and (path is not None or level or _ends_with(inner, module)):
            return self._project_file(inner)
        if path is not None or level:
            return Unknown()
        return Library(canonical(f"{module}.{name}"))

    def _import_star(self, path: str | None, module: str) -> None:
        if path is not None:
            for name, value in list(self.run_file(path).items()):
                if isinstance(name, str) and not name.startswith("_") and isinstance(value, Value):
                    self.bind_name(name, value)
        elif module.partition(".")[0] == "torch":
            for name in public_names(module):
                self.bind_name(name, Library(canonical(f"{module}.{name}")))

    def _global(self, node: ast.Global) -> bool:
        self.frame.globals |= frozenset(node.names)
        return True

    def _nonlocal(self, node: ast.Nonlocal) -> bool:
        self.frame.nonlocals |= frozenset(node.names)
        return True

    def _delete(self, node: ast.Delete) -> bool:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.trail.delete(self.frame.locals, target.id)
            elif isinstance(target, ast.Subscript):
                held = self.eval(target.value)
                if isinstance(held, Dict):
                    self.dict_method(held, "pop", (self.eval(target.slice),), {}, target)
                elif isinstance(held, List):
                    self.list_method(held, "remove", (), {}, target)
                elif isinstance(held, Instance) and is_state(held):
                    self.call(LibraryMethod(held, "pop"), (self.eval(target.slice),), {}, target)
            elif isinstance(target, ast.Attribute):
                held = self.eval(target.value)
                if isinstance(held, Instance):
                    self.trail.delete(held.store, target.attr)
        return True

    def _assert(self, node: ast.Assert) -> bool:
        return self.test(node.test) is not False or not isinstance(node.test, ast.Constant)


def _ends_with(path: str, module: str) -> bool:
    folder = posixpath.dirname(path)
    return bool(module) and f"/{folder}".endswith("/" + module.replace(".", "/"))


def _is_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"`"""
    return (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq)
        and {getattr(each, "id", getattr(each, "value", None)) for each in (test.left, test.comparators[0])} == {"__name__", "__main__"}
    )


def _mentions_progress(node: ast.expr) -> bool:
    """`with tqdm(...)`, `with open(...)`: contexts that have nothing to do with gradients."""
    target = node.func if isinstance(node, ast.Call) else node
    name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
    return name in ("tqdm", "open", "autocast", "Progress", "suppress", "device", "profile", "record_function")


def _assigned_in(node: ast.AST) -> list[Any]:
    """The names and attributes of names that a loop's body assigns."""
    found: list[Any] = []
    for part in [*getattr(node, "body", ())]:
        for each in ast.walk(part):
            if isinstance(each, ast.Name | ast.Attribute) and isinstance(each.ctx, ast.Store):
                found.append(each)
    return [each for each in found if isinstance(each, ast.Name) or isinstance(each.value, ast.Name)]

