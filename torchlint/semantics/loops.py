"""Loops: what is known after some rounds, and after any number of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from torchlint.semantics.classes import find
from torchlint.semantics.data import Data
from torchlint.semantics.events import LoopRun, Round
from torchlint.semantics.facts import Loop
from torchlint.semantics.frame import LoopState
from torchlint.semantics.inspection import known_items, origin_of
from torchlint.semantics.join import join_slots
from torchlint.semantics.trail import MISSING, Delta
from torchlint.semantics.unrolling import worth_unrolling
from torchlint.semantics.values import (
    NONE,
    UNKNOWN,
    Class,
    Const,
    Function,
    Instance,
    Iteration,
    Size,
    Unknown,
    Value,
)
from torchlint.syntax.index import walk


class Loops(Data):
    """The running of for and while."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._targets: dict[ast.AST, list[Any]] = {}

    def _for(self, node: ast.For | ast.AsyncFor) -> bool:
        source = self.eval(node.iter)
        items = known_items(source) if not isinstance(node, ast.AsyncFor) else None
        start = len(self.trace)
        origin = origin_of(source)
        outside = self.rounds
        if items is not None and self.budget > 0 and worth_unrolling(node, len(items), self.called_body, self.limits):
            live, first = self._rounds(node, items, self._loop_run(node, origin, len(items)))
        else:
            element = self.iterated(source, node.iter)
            run = self._loop_run(node, origin, None, _by_number(source))
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

    def _loop_run(self, node: ast.AST, source: Value | None, count: int | None, by_number: bool = False) -> LoopRun:
        return LoopRun(self.site(node), self.frame, source, count, self.arms, self.trail.mark(), by_number)

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
            if index == 0:
                first = len(self.trace) - start
            if not loop.continues and not live:
                break
            after = self.trail.delta(mark)
            if loop.continues:
                self.trail.undo(mark)
                self.trail.merge([*loop.continues, *([after] if live else [])], join_slots)
                after = self.trail.delta(mark)
            outcomes.append(after)
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
            self.leaves(1)
        return False

    def leaves(self, loops: int) -> None:
        """Note that the arm being run leaves that many loops for good: nothing in it is followed by another round."""
        if self.arms and loops:
            self.left.setdefault(self.arms[-1], set()).update(id(each.loop) for each in self.rounds[-loops:])

    def is_last_round(self, test: ast.expr) -> bool:
        """Whether a condition holds in the last round alone of the innermost loop: `i == len(loader) - 1`."""
        if not (self.rounds and isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
            return False
        sides = [_shifted(each) for each in (test.left, test.comparators[0])]
        if not all(isinstance(each, ast.Name | ast.Attribute) or _is_length(each) for each in sides):
            return False
        match sorted((self.eval(each) for each in sides), key=lambda each: getattr(each, "method", None) == "len"):
            case [Unknown(method="<index>", receiver=data), Unknown(method="len", receiver=Value() as measured)]:
                return any(origin_of(measured) is each for each in (data, self.rounds[-1].loop.iterated))
        return False

    def _continue(self, node: ast.Continue) -> bool:
        if self.frame.loops:
            loop = self.frame.loops[-1]
            loop.continues.append(self.trail.delta(loop.mark))
        return False


def _by_number(source: Value) -> bool:
    """Whether something is gone through by index: `range(len(data))`."""
    return isinstance(source, Iteration) and source.element is UNKNOWN and isinstance(source.source, Value) and not isinstance(source.source, Function)


def _shifted(node: ast.expr) -> ast.expr:
    """`i` of `i + 1`, `len(data)` of `len(data) - 1`."""
    shifted = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and isinstance(node.right, ast.Constant)
    return node.left if isinstance(node, ast.BinOp) and shifted else node


def _is_length(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def _assigned_in(node: ast.AST) -> list[Any]:
    """The names and attributes of names that a loop's body assigns."""
    found: list[Any] = []
    for part in [*getattr(node, "body", ())]:
        for each in walk(part):
            if isinstance(each, ast.Name | ast.Attribute) and isinstance(each.ctx, ast.Store):
                found.append(each)
    return [each for each in found if isinstance(each, ast.Name) or isinstance(each.value, ast.Name)]
