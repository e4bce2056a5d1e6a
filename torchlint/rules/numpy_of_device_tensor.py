"""TL804: NumPy has no arrays on a GPU."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.conversions import CONVERTING, converted, tensor_in
from torchlint.analysis.values.abstract import FALSE, Tensor, Value
from torchlint.analysis.values.devices import ACCELERATORS
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL804", words=("numpy|np|plt|pyplot",), calls=CONVERTING)
def numpy_of_device_tensor(call: Call) -> Iterator[Finding]:
    if call.name == "torch.Tensor.numpy" and call.receiver_site is not None:
        if call.arguments.get("force", FALSE) == FALSE and (device := _away(call.receiver)):
            yield _finding(call, call.receiver_site, call.receiver, f"on `{device}`, and `numpy()` of it")
        return
    for given, value in converted(call):
        if device := _away(value):
            yield _finding(call, given, value, f"on `{device}`, and to make an array of it")
            return


def _away(value: Value | None) -> str | None:
    """The device of a tensor that is not in the host's memory."""
    held = tensor_in(value)
    device = held.device if isinstance(held, Tensor) else None
    return device if device is not None and device.partition(":")[0] in ACCELERATORS else None


def _finding(call: Call, given: Site, value: Value | None, problem: str) -> Finding:
    fix = Fix("Copy it with `.cpu()`", call_behind(given, "cpu()")) if isinstance(value, Tensor) else None
    return call.flag(f"this tensor is {problem} raises a TypeError; copy it to the host first with `.cpu()`", fix=fix)
