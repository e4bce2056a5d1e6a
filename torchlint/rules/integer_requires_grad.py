"""TL106: whole numbers have no gradients."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import dtype_argument
from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.statements import AttributeAssignment
from torchlint.analysis.values.abstract import TRUE, Tensor
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dtypes import is_integer
from torchlint.torch_api.operations import SOURCES

_MESSAGE = "this tensor is {dtype}, and only floating point tensors can require gradients: it raises a RuntimeError; {remedy}"
_CALLS = ("requires_grad_", "Parameter", *SOURCES)
_REMEDY = "write the numbers with a point or pass `dtype=torch.float32`"


@rule("TL106", words=("requires_grad|Parameter",), calls=_CALLS)
def integer_requires_grad(call: Call) -> Iterator[Finding]:
    made = call.result
    if call.name == "torch.Tensor.requires_grad_":
        tensor = call.receiver
        asked = call.arguments.get("requires_grad", TRUE) == TRUE
    elif call.name == "torch.nn.Parameter":
        tensor = call.arguments.get("data", call.arguments.get(0))
        asked = call.arguments.get("requires_grad", TRUE) == TRUE
    else:
        tensor = made
        asked = call.arguments.get("requires_grad") == TRUE
    if asked and isinstance(tensor, Tensor) and is_integer(tensor.dtype):
        yield call.flag(_MESSAGE.format(dtype=tensor.dtype, remedy=_REMEDY), fix=_fix(call))


@rule("TL106", words=("requires_grad",), attributes=("requires_grad",))
def integer_requires_grad_set(set_to: AttributeAssignment) -> Iterator[Finding]:
    tensor = set_to.receiver
    if set_to.name == "requires_grad" and set_to.value == TRUE and isinstance(tensor, Tensor) and is_integer(tensor.dtype):
        yield set_to.flag(_MESSAGE.format(dtype=tensor.dtype, remedy=_REMEDY))


def _fix(call: Call) -> Fix | None:
    if call.name == "torch.Tensor.requires_grad_":
        receiver, made = call.receiver_site, call.receiver.site if isinstance(call.receiver, Tensor) else None
        return Fix("Convert with `.float()`", call_behind(receiver, "float()")) if receiver is not None and receiver.same(made) else None
    if call.name == "torch.nn.Parameter":
        data = call.argument_site(0, "data")
        return Fix("Convert with `.float()`", call_behind(data, "float()")) if data else None
    edit: Edit | None = dtype_argument(call.site, "float32", before="requires_grad")
    return Fix("Make it float32", (edit,)) if edit else None
