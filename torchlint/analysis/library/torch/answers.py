"""Functions of torch that give something else than one tensor: sizes, indices, yes or no."""

from __future__ import annotations

from torchlint.analysis.library.handlers import LibraryCall, handles, tensor_method
from torchlint.analysis.library.torch.results import default_device
from torchlint.analysis.library.torch.tensors import operate
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.values.abstract import (
    FALSE,
    NONE,
    Activation,
    Iteration,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.inspection import element_of, known_items, truth
from torchlint.torch_api.binding import bind


@handles("torch.Size")
def _size(call: LibraryCall) -> Value:
    items = known_items(call.first) if call.positional else ()
    return Iteration(element_of(call.first)) if items is None else Tuple(items)


@handles("torch.where")
def _where(call: LibraryCall) -> Value:
    if len(call.positional) + len(call.keywords) == 1:
        return _places(call, call.argument(0, "condition"))
    return operate(call.machine, call.name, call.positional, call.keywords, call.node)


@handles("torch.nonzero")
def _nonzero(call: LibraryCall) -> Value:
    if truth(call.argument(1, "as_tuple") or FALSE) is not False:
        return _places(call, call.argument(0, "input"))
    return operate(call.machine, call.name, call.positional, call.keywords, call.node)


@tensor_method("nonzero")
def _nonzero_of(tensor: Tensor, call: LibraryCall) -> Value:
    if truth(call.argument(0, "as_tuple") or FALSE) is not False:
        return _places(call, tensor)
    return operate(call.machine, call.name, (tensor, *call.positional), call.keywords, call.node, quiet=True)


def _places(call: LibraryCall, of: Value | None) -> Value:
    """Where something holds: the indices along each dim."""
    made = Tensor(
        shape=(None,), dtype="int64", requires_grad=False, leaf=True, activation=Activation("other"), site=call.machine.site(call.node), op="nonzero",
        inputs=() if of is None else (of,), device=of.device if isinstance(of, Tensor) else default_device(call.machine),
    )  # fmt: skip
    return Tuple((made,) * len(of.shape)) if isinstance(of, Tensor) and of.shape else Iteration(made)


@handles("torch.allclose", "torch.equal")
def _compared(call: LibraryCall) -> Value:
    for each in call.positional[:2]:
        call.machine.ends(each, call.node)
    answer = Unknown(call.machine.site(call.node), call.name.rpartition(".")[2], call.positional[0] if call.positional else NONE)
    emit_call(call.machine, call.name, None, bind(call.name, call.positional, call.keywords), call.positional, answer, call.node)
    return answer


@tensor_method("allclose", "equal")
def _compared_with(tensor: Tensor, call: LibraryCall) -> Value:
    for each in (tensor, *call.positional[:1]):
        call.machine.ends(each, call.node)
    return Unknown(call.machine.site(call.node), call.name.rpartition(".")[2], tensor)
