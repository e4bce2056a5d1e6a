"""Loops: what is known after some rounds, and after any number of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torchlint.analysis.facts.statements import Loop
from torchlint.analysis.interpreter.escape import changed_in
from torchlint.analysis.interpreter.expressions import lookup, tested
from torchlint.analysis.interpreter.unrolling import worth_unrolling
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    NONE,
    UNKNOWN,
    Class,
    Const,
    Function,
    Instance,
    Iteration,
    LoopState,
    Size,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import find
from torchlint.analysis.values.contents import contents_change
from torchlint.analysis.values.events import LoopRun, Round
from torchlint.analysis.values.inspection import known_items, origin_of
from torchlint.analysis.values.join import join_slots
from torchlint.analysis.values.trail import MISSING, Delta
from torchlint.syntax.index import walk


def run_for(machine: Machine, node: ast.For | ast.AsyncFor) -> bool:
    source = machine.eval(node.iter)
    items = known_items(source) if not isinstance(node, ast.AsyncFor) else None
    start = len(machine.trace)
    origin = origin_of(source)
    outside = machine.rounds
    if items is not None and machine.budget > 0 and worth_unrolling(node, len(items), partial(called_body, machine), machine.limits):
        live, first = _rounds(machine, node, items, _loop_run(machine, node, origin, len(items)))
    else:
        element = machine.iterated(source, node.iter)
        run = _loop_run(machine, node, origin, None, _by_number(source))
        live, first = _unrolled(machine, node, lambda: machine.assign(node.target, element), None, run)
    machine.rounds = outside
    _loop_done(machine, node, origin, start, first)
    return machine.execute(node.orelse) if live and node.orelse else live


def called_body(machine: Machine, node: ast.Call) -> Sequence[ast.stmt]:
    """The body of the function of the program that a call surely runs; nothing where that is not plain."""
    callee: Value = UNKNOWN
    if isinstance(node.func, ast.Name):
        callee = lookup(machine, node.func.id)
    elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        holder = lookup(machine, node.func.value.id)
        if isinstance(holder, Instance) and isinstance(holder.cls, Class):
            callee = holder.store.get(node.func.attr) or find(holder.cls, node.func.attr) or UNKNOWN
    if isinstance(callee, Instance) and isinstance(callee.cls, Class):
        callee = find(callee.cls, "forward") or UNKNOWN
    body = callee.node.body if isinstance(callee, Function) else []
    return body if isinstance(body, list) else []


def run_while(machine: Machine, node: ast.While) -> bool:
    start = len(machine.trace)
    endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
    if not endless and tested(machine, node.test) is False:
        return machine.execute(node.orelse)
    outside = machine.rounds
    live, first = _unrolled(machine, node, lambda: tested(machine, node.test) if not endless else None, endless, _loop_run(machine, node, None, None))
    machine.rounds = outside
    _loop_done(machine, node, None, start, first)
    return machine.execute(node.orelse) if live and node.orelse else live


def _loop_run(machine: Machine, node: ast.AST, source: Value | None, count: int | None, by_number: bool = False) -> LoopRun:
    return LoopRun(machine.site(node), machine.frame, source, count, machine.arms, machine.trail.mark(), by_number)


def _loop_done(machine: Machine, node: ast.AST, source: Value | None, start: int, first: int) -> None:
    if Loop in machine.wanted:
        machine.emit(Loop(machine.site(node), machine.frame, machine.grad, source, tuple(machine.trace[start:]), first, machine.arms))


def _rounds(machine: Machine, node: ast.For | ast.AsyncFor, items: tuple[Value, ...], run: LoopRun) -> tuple[bool, int]:
    """A loop over elements that are known one by one; whether control comes out, events of the first round."""
    frame = machine.frame
    start = len(machine.trace)
    first = 0
    breaks: list[Delta] = []
    mark = machine.trail.mark()
    live = True
    outside = machine.rounds
    for index, item in enumerate(items):
        machine.rounds = (*outside, Round(run, index))
        loop = LoopState(machine.site(node), mark)
        frame.loops.append(loop)
        machine.assign(node.target, item)
        live = machine.execute(node.body)
        frame.loops.pop()
        breaks.extend(loop.breaks)
        if loop.continues:
            outcomes = [*loop.continues, *([machine.trail.delta(mark)] if live else [])]
            machine.trail.undo(mark)
            machine.trail.merge(outcomes, join_slots)
            live = True
        if index == 0:
            first = len(machine.trace) - start
        if not live:
            break
        if machine.budget <= 0 and index + 1 < len(items):
            _forget_assigned(machine, node)
            machine.exhausted = True
            break
    if breaks:
        outcomes = [*breaks, *([machine.trail.delta(mark)] if live else [])]
        machine.trail.undo(mark)
        machine.trail.merge(outcomes, join_slots)
        live = True
    return live, first


def _unrolled(
    machine: Machine, node: ast.For | ast.AsyncFor | ast.While, enter: Callable[[], object], endless: bool | None, run: LoopRun
) -> tuple[bool, int]:
    """A loop of unknown length: run twice, then joined with the state before it.

    Counters and flags that the body changes are unknown from the start, so that no
    condition on them is taken to be settled.
    """
    frame = machine.frame
    _forget_counters(machine, node)
    mark = machine.trail.mark()
    start = len(machine.trace)
    first = 0
    outcomes: list[Delta] = [] if endless else [{}]
    breaks: list[Delta] = []
    grad = machine.grad
    before = machine.arms
    outside = machine.rounds
    # In the second round of a loop around this one, its own second round shows nothing new.
    again = any(each.number and each.loop.count is None for each in outside)
    for index in range(1 if again or machine.budget <= 0 else 2):
        machine.rounds = (*outside, Round(run, index))
        loop = LoopState(machine.site(node), mark)
        frame.loops.append(loop)
        enter()
        live = machine.execute(node.body)
        frame.loops.pop()
        breaks.extend(loop.breaks)
        if index == 0:
            first = len(machine.trace) - start
        if not loop.continues and not live:
            break
        after = machine.trail.delta(mark)
        if loop.continues:
            machine.trail.undo(mark)
            machine.trail.merge([*loop.continues, *([after] if live else [])], join_slots)
            after = machine.trail.delta(mark)
        outcomes.append(after)
        if not any(value is not MISSING for _, value in outcomes[-1].values()):
            break
    machine.trail.undo(mark)
    machine.arms = before
    machine.grad = grad
    leaving = breaks if endless else [*outcomes, *breaks]
    if not leaving:
        return False, first
    machine.trail.merge(leaving, join_slots)
    return True, first


def _forget_assigned(machine: Machine, node: ast.AST) -> None:
    """A loop is left before its end: what its body assigns is not known."""
    for target in _assigned_in(node):
        if isinstance(target, ast.Name):
            machine.bind_name(target.id, Unknown())
        elif isinstance(target.value, ast.Name) and isinstance(receiver := machine.frame.locals.get(target.value.id), Instance):
            machine.trail.set(receiver.store, target.attr, Unknown())
    for container in [held for part in getattr(node, "body", ()) for held in changed_in(part, machine.frame)]:
        contents_change(machine.trail, container)


def _forget_counters(machine: Machine, node: ast.AST) -> None:
    frame = machine.frame
    if node not in machine.memo.targets:
        machine.memo.targets[node] = _assigned_in(node)
    for target in machine.memo.targets[node]:
        if isinstance(target, ast.Name):
            held = frame.locals.get(target.id)
            if isinstance(held, Const | Size) and held != NONE:
                machine.bind_name(target.id, Unknown(None, "<number>"))
        elif isinstance(target.value, ast.Name):
            receiver = frame.locals.get(target.value.id)
            if isinstance(receiver, Instance):
                held = receiver.store.get(target.attr)
                if isinstance(held, Const | Size) and held != NONE:
                    machine.trail.set(receiver.store, target.attr, Unknown())


def run_break(machine: Machine, node: ast.Break) -> bool:
    if machine.frame.loops:
        loop = machine.frame.loops[-1]
        loop.breaks.append(machine.trail.delta(loop.mark))
        leaves(machine, 1)
    return False


def leaves(machine: Machine, loops: int) -> None:
    """Note that the arm being run leaves that many loops for good: nothing in it is followed by another round."""
    if machine.arms and loops:
        machine.left.setdefault(machine.arms[-1], set()).update(id(each.loop) for each in machine.rounds[-loops:])


def is_last_round(machine: Machine, test: ast.expr) -> bool:
    """Whether a condition holds in the last round alone of the innermost loop: `i == len(loader) - 1`."""
    if not (machine.rounds and isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = [_shifted(each) for each in (test.left, test.comparators[0])]
    if not all(isinstance(each, ast.Name | ast.Attribute) or _is_length(each) for each in sides):
        return False
    match sorted((machine.eval(each) for each in sides), key=lambda each: getattr(each, "method", None) == "len"):
        case [Unknown(method="<index>", receiver=data), Unknown(method="len", receiver=Value() as measured)]:
            return any(origin_of(measured) is each for each in (data, machine.rounds[-1].loop.iterated))
    return False


def run_continue(machine: Machine, node: ast.Continue) -> bool:
    if machine.frame.loops:
        loop = machine.frame.loops[-1]
        loop.continues.append(machine.trail.delta(loop.mark))
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
