"""What a method that is named and not called was meant for."""

from __future__ import annotations

from torchlint.analysis.values.abstract import Instance, LibraryMethod, Tensor, Unknown, Value
from torchlint.analysis.values.classes import is_module, library_bases
from torchlint.analysis.values.join import present

_OF_MODULES = frozenset({"train", "eval", "zero_grad", "cuda", "cpu", "float", "half", "double"})
_OF_OPTIMIZERS = frozenset({"zero_grad", "step"})
_OF_TENSORS = frozenset({"backward", "retain_grad", "requires_grad_", "detach_", "zero_"})
# What nothing but torch calls so, whatever the object is.
_OF_TORCH = frozenset({"zero_grad", "backward"})
# What takes the result of a method: the method itself is no use to it.
_RESULTS = {
    "parameters": ("torch.optim.", "torch.nn.utils.clip_grad"),
    "named_parameters": ("torch.optim.",),
    "state_dict": ("load_state_dict", "torch.save"),
}


def meant_as_call(method: LibraryMethod) -> bool:
    """Whether a bare `object.method` statement of torch's own objects can only be meant as a call."""
    return does_something(present(method.receiver), method.name)


def does_something(receiver: Value, name: str) -> bool:
    """Whether torch's method of that name is called for what it does to the object."""
    if isinstance(receiver, Unknown):
        return name in _OF_TORCH
    if isinstance(receiver, Tensor):
        return name in _OF_TENSORS
    if not isinstance(receiver, Instance):
        return False
    if is_module(receiver):
        return name in _OF_MODULES
    names = [receiver.cls] if isinstance(receiver.cls, str) else library_bases(receiver.cls)
    return name in _OF_OPTIMIZERS and any(each.startswith("torch.optim.") for each in names)


def wants_result(receiver: Value, name: str, callee: str) -> bool:
    """Whether what is called takes the result of a module's method: `SGD(model.parameters)`."""
    return isinstance(receiver, Instance) and is_module(receiver) and callee.startswith(_RESULTS.get(name, ("\0",)))
