"""Functions and classes of torch, where no handler says more."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from torchlint.analysis.interpreter.escape import call_unknown, escape
from torchlint.analysis.library.arguments import by_number_or_name
from torchlint.analysis.library.handlers import FUNCTIONS, LibraryCall
from torchlint.analysis.library.torch.data import construct
from torchlint.analysis.library.torch.results import default_device
from torchlint.analysis.library.torch.tensor_methods import call_tensor_method
from torchlint.analysis.library.torch.tensors import operate, other_loss
from torchlint.analysis.library.torchvision import call_transform
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.values.abstract import (
    TRUE,
    UNKNOWN,
    Activation,
    Const,
    Instance,
    Library,
    Tensor,
    Unknown,
    Value,
)
from torchlint.analysis.values.store import SCRIPTED, ModuleStore
from torchlint.torch_api.binding import bind
from torchlint.torch_api.dtypes import LEGACY_TENSORS
from torchlint.torch_api.layers import WRAPPERS
from torchlint.torch_api.losses import OTHER_LOSSES


def call_torch(
    machine: Machine, name: str, last: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    if name in WRAPPERS and positional:
        if name.rpartition(".")[2][:1].isupper():
            return construct(machine, name, positional, keywords, node)
        if name == "torch.jit.script" and isinstance(positional[0], Instance):
            machine.trail.set(positional[0].store, SCRIPTED, TRUE)
        return positional[0]
    if (handler := FUNCTIONS.get(name)) is not None:
        return handler(LibraryCall(machine, name, positional, keywords, node))
    vision = call_transform(machine, name, positional, keywords, node)
    if vision is not None:
        return vision
    if last in LEGACY_TENSORS and name in (f"torch.{last}", f"torch.cuda.{last}"):
        return _legacy(machine, name, last, positional, keywords, node)
    if name in OTHER_LOSSES:
        return other_loss(machine, name, positional, keywords, node)
    if name.startswith("torch.Tensor.") and positional and isinstance(positional[0], Tensor):
        return call_tensor_method(machine, positional[0], last, positional[1:], keywords, node)
    if last[:1].isupper():
        if name.startswith("torchvision.models."):
            call_unknown(machine, Library(name), positional, keywords, node)
            return Instance(name, ModuleStore(), by_number_or_name(positional, keywords), machine.site(node), machine.frame, machine.arms)
        return construct(machine, name, positional, keywords, node)
    if name.startswith("torchvision.models.") and not last.startswith(("get_", "list_")):
        return Instance(name, ModuleStore(), by_number_or_name(positional, keywords), machine.site(node), machine.frame, machine.arms)
    if name.startswith("torch.nn.utils.clip_grad"):
        machine.event("clip", node, positional[0] if positional else UNKNOWN, tuple(positional))
        emit_call(machine, name, None, bind(name, positional, keywords), positional, UNKNOWN, node)
        return UNKNOWN
    if name.startswith("torch.nn.functional.") and positional:
        machine.turned_out.is_taken(positional[0], machine.frame, machine.site(node))
    if name.startswith(_FUNCTION_PACKAGES) and name.count(".") <= (3 if "functional" in name else 2):
        return operate(machine, name, positional, keywords, node)
    for argument in (*positional, *keywords.values()):
        escape(machine, argument, node)
    emit_call(machine, name, None, bind(name, positional, keywords), positional, UNKNOWN, node)
    machine.event("opaque", node, Library(name), (*positional, *keywords.values()))
    if name.startswith("torch.nn.init.") and last.endswith("_") and positional:
        return positional[0]
    return Unknown(machine.site(node), name)


def _legacy(machine: Machine, name: str, last: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
    sizes = [value for value in positional if isinstance(value, Const) and isinstance(value.value, int)]
    shape = tuple(value.value for value in sizes) if positional and len(sizes) == len(positional) else None
    data = tuple(positional) if shape is None else ()
    result = Tensor(shape=shape, dtype=machine.torch.default_dtype if last == "Tensor" else LEGACY_TENSORS[last], requires_grad=False, leaf=True, site=machine.site(node), op="legacy", inputs=data, device="cuda" if ".cuda." in name else default_device(machine), activation=Activation("other"))
    emit_call(machine, name, None, by_number_or_name(positional, keywords), positional, result, node)
    return result


_FUNCTION_PACKAGES = ("torch.", "torch.nn.functional.", "torch.special.", "torch.linalg.", "torch.fft.")


def initialized(machine: Machine, positional: Sequence[Value]) -> Value | None:
    """What `Base.__init__(self)` initializes; without a receiver it raises, so that nothing after it is reached."""
    return positional[0] if positional else machine.frame.receiver
