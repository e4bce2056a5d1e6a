"""With and try: what holds inside a context, and what is known after an exception."""

from __future__ import annotations

import ast
from collections.abc import Callable

from torchlint.semantics.devices import asked_device
from torchlint.semantics.facts import MethodNotCalled
from torchlint.semantics.frame import TryState
from torchlint.semantics.importing import Importing
from torchlint.semantics.inspection import truth
from torchlint.semantics.join import join_slots, present
from torchlint.semantics.values import (
    NONE,
    UNKNOWN,
    Class,
    Instance,
    Iteration,
    Library,
    LibraryMethod,
    Unknown,
    Value,
)

_OFF = frozenset({"torch.no_grad", "torch.inference_mode"})
# Context managers that leave the gradient mode as it is, whoever made them.
_NEUTRAL = ("builtins.", "torch.", "tqdm.", "contextlib.", "tempfile.", "warnings.", "time.", "threading.", "numpy.", "PIL.", "unittest.", "pytest.")


class Contexts(Importing):
    """The running of with and try: gradient modes, devices, handlers."""

    def _raise(self, node: ast.Raise) -> bool:
        if node.exc is not None:
            self.eval(node.exc)
        for state in self.frame.tries[-1:]:
            state.raised.append(self.trail.delta(state.mark))
        if not self.frame.tries:
            self.leaves(len(self.rounds))
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


def _mentions_progress(node: ast.expr) -> bool:
    """`with tqdm(...)`, `with open(...)`: contexts that have nothing to do with gradients."""
    target = node.func if isinstance(node, ast.Call) else node
    name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
    return name in ("tqdm", "open", "autocast", "Progress", "suppress", "device", "profile", "record_function")
