"""TL418: backward() without a gradient is for scalars."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import NONE, Tensor
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dims import at_least


@rule("TL418", words=("backward",), calls=("backward",))
def backward_on_vector(call: Call) -> Iterator[Finding]:
    if call.name != "torch.Tensor.backward" or not call.plain or call.arguments.get("gradient", NONE) != NONE:
        return
    if isinstance(call.receiver, Tensor) and _several_values(call.receiver):
        site = call.receiver_site
        yield call.flag(
            "backward() is called on a tensor of several values, which raises an error: reduce it first, with `.mean()` or `.sum()`",
            fix=Fix("Reduce with `.mean()`", call_behind(site, "mean()"), "unsafe") if site else None,
        )


def _several_values(tensor: Tensor) -> bool:
    if tensor.shape is not None and (not tensor.shape or any(at_least(dim, 2) for dim in tensor.shape)):
        return bool(tensor.shape)
    return tensor.activation is not None and tensor.activation.kind == "losses" and (tensor.shape is None or None in tensor.shape)
