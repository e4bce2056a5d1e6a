"""Methods used as if they were values: `x.size[0]`, `if model.train`, `optimizer.step` as a statement."""

from __future__ import annotations

import ast
from functools import partial

from torchlint.analysis.facts.calls import MethodNotCalled
from torchlint.analysis.facts.checkpoints import LoadResultUsed
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import Instance, Library, LibraryMethod, Super, Tensor, Unknown, Value
from torchlint.analysis.values.join import present


def bad_operand(machine: Machine, value: Value, node: ast.AST, use: str) -> None:
    if isinstance(value, LibraryMethod) and MethodNotCalled in machine.wanted:
        receiver = present(value.receiver)
        told = partial(MethodNotCalled, machine.site(node), machine.frame, machine.grad, name=value.name, use=use)
        if isinstance(receiver, Tensor | Instance | Super) or (use == "statement" and isinstance(receiver, Unknown)):
            machine.emit(told(receiver))
            return
        method = node.value if isinstance(node, ast.Subscript) else node
        if value.name == "size" and isinstance(method, ast.Attribute):
            machine.turned_out.tell(receiver, machine.site(method.value), told)


def bad_argument(machine: Machine, value: LibraryMethod, node: ast.AST, callee: Value) -> None:
    if MethodNotCalled in machine.wanted and isinstance(callee, Library | LibraryMethod):
        receiver = present(value.receiver)
        machine.emit(MethodNotCalled(machine.site(node), machine.frame, machine.grad, receiver, value.name, f"argument of {callee.name}"))


def used_as_model(machine: Machine, result: Instance, name: str | None, node: ast.AST) -> None:
    """An attribute of what `load_state_dict` gave is read, or (`name` None) it is called."""
    if LoadResultUsed in machine.wanted and result.site is not None and name not in _RESULT_FIELDS:
        machine.emit(LoadResultUsed(result.site, machine.frame, machine.grad, result, machine.site(node)))


_RESULT_FIELDS = frozenset({"missing_keys", "unexpected_keys", "_asdict", "_fields", "count", "index", "__class__", "__str__", "__repr__"})
