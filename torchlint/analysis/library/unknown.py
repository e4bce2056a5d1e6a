"""Methods of something unknown: what only modules, optimizers and tensors have tells what it is."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import partial

from torchlint.analysis.facts.calls import DiscardedCall, ValueCalled
from torchlint.analysis.interpreter.attributes import rebind
from torchlint.analysis.interpreter.escape import escape
from torchlint.analysis.library.arguments import by_number_or_name
from torchlint.analysis.library.torch.checkpoints import load_result
from torchlint.analysis.library.torch.module_methods import is_optimizer, may_switch_modes, set_mode
from torchlint.analysis.library.torch.tensors import rounded
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.values.abstract import (
    ENTERED,
    UNKNOWN,
    Instance,
    Iteration,
    LibraryMethod,
    ShapeOf,
    Tensor,
    Unknown,
    Value,
)
from torchlint.analysis.values.checkpoints import LOADED
from torchlint.analysis.values.join import present
from torchlint.analysis.values.origins import ENDS
from torchlint.analysis.values.store import ModuleStore
from torchlint.torch_api.binding import bind
from torchlint.torch_api.purity import only_gives
from torchlint.torch_api.schedulers import SCHEDULER_MAKERS


def unknown_method(
    machine: Machine, receiver: Unknown, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    """A method of something unknown; what only modules and tensors have tells what it is."""
    for argument in (*positional, *keywords.values()):
        escape(machine, argument, node)
    if name in ("cuda", "numpy"):
        emit_call(machine, f"torch.Tensor.{name}", receiver, by_number_or_name(positional, keywords), positional, UNKNOWN, node)
    if name == "shape" and ValueCalled in machine.wanted and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        told = partial(ValueCalled, machine.site(node), machine.frame, machine.grad, callee=machine.site(node.func))
        machine.turned_out.tell(receiver, machine.site(node.func.value), lambda tensor: told(ShapeOf(tensor)))
    if DiscardedCall in machine.wanted and machine.statement is node and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        _discarded(machine, receiver, name, positional, keywords, node, node.func.value)
    package = made_by(receiver)
    if package is not None:
        emit_call(machine, f"{package}.{name}", receiver, by_number_or_name(positional, keywords), positional, UNKNOWN, node)
    if name in ("train", "eval"):
        may_switch_modes(machine, receiver, node)
    match name:
        case "backward":
            machine.event("backward", node, positional[0] if positional and isinstance(positional[0], Tensor) else receiver, tuple(positional))
        case "zero_grad":
            machine.event("zero_grad", node, receiver)
        case "round" if not positional and isinstance(node, ast.Call):
            rounded(machine, receiver, node)
        case "step":
            if positional and isinstance(present(positional[0]), Instance) and is_optimizer(present(positional[0])):  # type: ignore[arg-type]
                machine.event("step", node, positional[0], (receiver,))
            else:
                # No optimizer is a context.
                opaque = positional or keywords or receiver.method in SCHEDULER_MAKERS or receiver.method == ENTERED
                machine.event("opaque" if opaque else "step", node, receiver, tuple(positional))
        case "eval" | "parameters" if not positional and not keywords:
            return _module_method(machine, receiver, name, node)
        case "state_dict" | "named_parameters" if not positional and not keywords:
            pass  # read, and nothing else
        case "train" if not positional:
            machine.event("train", node, receiver, training=True)
        case "load_state_dict" if positional and is_checkpoint(positional[0]):
            return load_result(machine, receiver, node)
        case "requires_grad_" | "retain_grad":
            machine.event("gradient", node, receiver)
        case _:
            if name in ENDS:
                machine.ends(receiver, node)
            machine.event("opaque", node, receiver, (*positional, *keywords.values()))
    return Unknown(machine.site(node), name, receiver)


def _module_method(machine: Machine, receiver: Unknown, name: str, node: ast.AST) -> Value:
    """`model.eval()` and `model.parameters()` of something that is a module therefore."""
    module = Instance("torch.nn.Module", ModuleStore(training=None), {}, receiver.site)
    _known_as(machine, receiver, module, node)
    if name == "parameters":
        return Iteration(Tensor(leaf=True, parameter=True, model=module, op="parameter"), module)
    set_mode(machine, module, False, node)
    return module


def _discarded(
    machine: Machine, receiver: Unknown, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.Call, written: ast.expr
) -> None:
    """A method called as a statement: told if what it is called on turns out to be a tensor, of which it would only give another."""
    method = f"torch.Tensor.{name}"
    if not only_gives(method):
        return
    told = partial(
        DiscardedCall, machine.site(node), machine.frame, machine.grad, method,
        arguments=bind(method, positional, keywords), positional=tuple(positional), result=UNKNOWN, discarded=True,
    )  # fmt: skip
    machine.turned_out.tell(receiver, machine.site(written), lambda tensor: told(receiver=tensor))


def _known_as(machine: Machine, value: Unknown, module: Instance, node: ast.AST) -> None:
    """Something unknown turned out to be a module: so it is wherever it is held."""
    if value is not UNKNOWN:
        rebind(machine, value, module)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name | ast.Attribute):
        machine.assign(node.func.value, module)


def made_by(value: Value, depth: int = 12) -> str | None:
    """The package whose function something unknown came from at any distance: "matplotlib.pyplot" of an axis."""
    while depth > 0 and isinstance(value, Unknown | LibraryMethod):
        if isinstance(value, Unknown) and value.receiver is None:
            package = (value.method or "").rpartition(".")[0]
            return package if package.startswith("matplotlib") else None
        value = value.receiver if value.receiver is not None else value
        depth -= 1
    return None


def is_checkpoint(value: Value) -> bool:
    """Whether a value is what `torch.load` gave, or a part of that."""
    return isinstance(value, Instance) and value.cls == LOADED
