"""With and try: what holds inside a context, and what is known after an exception."""

from __future__ import annotations

import ast
from collections.abc import Callable

from torchlint.analysis.facts.calls import MethodNotCalled
from torchlint.analysis.interpreter.loops import leaves
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.misuse import bad_operand
from torchlint.analysis.values.abstract import (
    ENTERED,
    NONE,
    UNKNOWN,
    Class,
    Instance,
    Iteration,
    Library,
    LibraryMethod,
    Tensor,
    TryState,
    Unknown,
    Value,
)
from torchlint.analysis.values.devices import asked_device
from torchlint.analysis.values.inspection import truth
from torchlint.analysis.values.join import join_slots, present
from torchlint.syntax.index import below

_OFF = frozenset({"torch.no_grad", "torch.inference_mode"})
# Context managers that leave the gradient mode as it is, whoever made them.
_NEUTRAL = ("builtins.", "torch.", "tqdm.", "contextlib.", "tempfile.", "warnings.", "time.", "threading.", "numpy.", "PIL.", "unittest.", "pytest.")

_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex"})


def run_raise(machine: Machine, node: ast.Raise) -> bool:
    if node.exc is not None:
        machine.eval(node.exc)
    for state in machine.frame.tries[-1:]:
        state.raised.append(machine.trail.delta(state.mark))
    if not machine.frame.tries:
        leaves(machine, len(machine.rounds))
    return False


def run_try(machine: Machine, node: ast.Try) -> bool:
    mark = machine.trail.mark()
    state = TryState(mark)
    machine.frame.tries.append(state)
    live = machine.execute(node.body)
    machine.frame.tries.pop()
    after = machine.trail.delta(mark)
    arms: list[Callable[[], bool]] = []

    def normal() -> bool:
        machine.trail.apply(after)
        return live and (not node.orelse or machine.execute(node.orelse))

    def handled(handler: ast.ExceptHandler) -> bool:
        machine.trail.merge([{}, after, *state.raised], join_slots)
        if handler.name:
            machine.bind_name(handler.name, Unknown())
        for name in _asked_of(node.body) if _tells_kind(handler) else ():
            if isinstance(machine.frame.locals.get(name), Tensor):
                machine.bind_name(name, Unknown())
        return machine.execute(handler.body)

    if node.handlers:
        machine.trail.undo(mark)
        arms = [normal, *(lambda handler=handler: handled(handler) for handler in node.handlers)]
        live = _settled(machine, arms)
    elif live and node.orelse:
        live = machine.execute(node.orelse)
    return machine.execute(node.finalbody) and live if node.finalbody else live


def _tells_kind(handler: ast.ExceptHandler) -> bool:
    """Whether what is caught says that something is of another kind: `except AttributeError`."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(each, ast.Name) and each.id in ("AttributeError", "TypeError") for each in caught)


def _asked_of(body: list[ast.stmt]) -> set[str]:
    """The names whose attributes a block reads."""
    return {each.value.id for statement in body for each in below(statement, ast.Attribute) if isinstance(each.value, ast.Name)}


def _settled(machine: Machine, arms: list[Callable[[], bool]]) -> bool:
    """Arms of which the first is the usual one: what happens in it is not conditional."""
    return machine.in_arms(arms)


def run_with(machine: Machine, node: ast.With | ast.AsyncWith) -> bool:
    before = machine.grad
    exits: list[Callable[[], None]] = []
    for item in node.items:
        value = present(machine.eval(item.context_expr))
        entered = _enter(machine, value, item.context_expr, exits)
        if item.optional_vars is not None:
            machine.assign(item.optional_vars, entered)
    emit = machine.emit
    if any(_expects_failure(item.context_expr) for item in node.items):
        machine.emit = _unheard
    live = machine.execute(node.body)
    machine.grad, machine.emit = before, emit
    for leave in reversed(exits):
        leave()
    return live


def _expects_failure(node: ast.expr) -> bool:
    """`with pytest.raises(RuntimeError)`, `with self.assertRaises(…)`: what goes wrong in there is meant to."""
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute | ast.Name) and (called.attr if isinstance(called, ast.Attribute) else called.id) in _EXPECTING


def _unheard(fact: object) -> None:
    """Nobody is told."""


def _enter(machine: Machine, value: Value, node: ast.expr, exits: list[Callable[[], None]]) -> Value:
    match value:
        case Instance(cls=str(name)):
            if name in _OFF:
                machine.grad = False
            elif name == "torch.enable_grad":
                machine.grad = True
            elif name == "torch.set_grad_enabled":
                mode = value.arguments.get("mode", UNKNOWN)
                machine.grad = truth(mode)
            elif name == "torch.device":
                _enter_device(machine, value, exits)
            elif not name.startswith(_NEUTRAL) and machine.grad:
                machine.grad = None
            return value
        case Unknown(method=str(name)) if name.startswith(_NEUTRAL):
            return Unknown(machine.site(node), ENTERED)
        case Library(name=name):
            if (name in _OFF or name.startswith("torch.")) and MethodNotCalled in machine.wanted:
                machine.emit(MethodNotCalled(machine.site(node), machine.frame, machine.grad, value, name, "with"))
            machine.grad = False if name in _OFF else machine.grad
            return UNKNOWN
        case Instance(cls=Class()):
            entered = machine.call(machine.attribute(value, "__enter__", node), (), {}, node)
            exits.append(lambda: _leave_context(machine, value, node))
            return entered
        case Iteration():
            machine.grad = value.grad if value.grad is not True else machine.grad
            return value.element
        case LibraryMethod():
            bad_operand(machine, value, node, "with")
    if machine.grad and not _mentions_progress(node):
        machine.grad = None
    return Unknown(machine.site(node), ENTERED)


def _enter_device(machine: Machine, value: Instance, exits: list[Callable[[], None]]) -> None:
    before, machine.torch.device_context = machine.torch.device_context, asked_device(value)

    def leave() -> None:
        machine.torch.device_context = before

    exits.append(leave)


def _leave_context(machine: Machine, value: Instance, node: ast.expr) -> None:
    machine.call(machine.attribute(value, "__exit__", node), (NONE, NONE, NONE), {}, node)


def _mentions_progress(node: ast.expr) -> bool:
    """`with tqdm(...)`, `with open(...)`: contexts that have nothing to do with gradients."""
    target = node.func if isinstance(node, ast.Call) else node
    name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
    return name in ("tqdm", "open", "autocast", "Progress", "suppress", "device", "profile", "record_function")
