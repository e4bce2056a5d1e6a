"""What calls of libraries tell the rules."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from torchlint.analysis.facts.calls import Call, DiscardedCall
from torchlint.analysis.facts.devices import DevicePinned
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import Value
from torchlint.analysis.values.devices import is_cuda_name
from torchlint.torch_api.shapes.error import ShapeError


def emit_call(
    machine: Machine,
    name: str,
    receiver: Value | None,
    arguments: Mapping[str | int, Value],
    positional: Sequence[Value],
    result: Value,
    node: ast.AST,
) -> None:
    if DevicePinned in machine.wanted:
        _pinned(machine, name, node)
    if DiscardedCall in machine.wanted and machine.statement is node:
        machine.emit(DiscardedCall(machine.site(node), machine.frame, machine.grad, name, receiver, arguments, tuple(positional), result, True))
    if Call in machine.wanted and (machine.wanted_calls is None or name.rpartition(".")[2] in machine.wanted_calls):
        discarded = machine.statement is node
        machine.emit(Call(machine.site(node), machine.frame, machine.grad, name, receiver, arguments, tuple(positional), result, discarded))


def _pinned(machine: Machine, name: str, node: ast.AST) -> None:
    """Tell of CUDA by name, where the program asks elsewhere whether there is CUDA."""
    if not name.startswith("torch.") or not isinstance(node, ast.Call):
        return
    placed = node.args if name.rpartition(".")[2] == "to" else ()
    given = (*placed, *(each.value for each in node.keywords if each.arg == "device"))
    bare = name.rpartition(".")[2]
    written = isinstance(node.func, ast.Attribute) and node.func.attr == bare
    pinning = bare == "cuda" or (name.startswith("torch.cuda.") and bare.endswith("Tensor"))
    named = (written and pinning) or any(map(is_cuda_name, given))
    if named and name not in ("torch.device",) and machine.said_around("is_available"):
        machine.emit(DevicePinned(machine.site(node), machine.frame, machine.grad))


def shape_mismatch(
    machine: Machine, operation: str, error: ShapeError, inputs: Sequence[Value], module: Value | None, node: ast.AST
) -> None:
    if machine.refused is not None:
        machine.refused(operation, error, module, machine.application(node))
    if ShapeMismatch in machine.wanted and not machine.unsure and not machine.exhausted:
        machine.emit(
            ShapeMismatch(machine.application(node), machine.frame, machine.grad, operation, error.kind, error.reason, tuple(inputs), module, error)
        )
