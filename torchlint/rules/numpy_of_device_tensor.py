"""TL804: NumPy has no arrays on a GPU."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.semantics.devices import ACCELERATORS
from torchlint.semantics.facts import Call
from torchlint.semantics.rewrites import call_behind
from torchlint.semantics.values import FALSE, Tensor


@rule("TL804", words=("numpy",), calls=("numpy",))
def numpy_of_device_tensor(call: Call) -> Iterator[Finding]:
    tensor = call.receiver
    if call.name != "torch.Tensor.numpy" or not isinstance(tensor, Tensor) or tensor.device is None:
        return
    if tensor.device.partition(":")[0] in ACCELERATORS and call.arguments.get("force", FALSE) == FALSE:
        site = call.receiver_site
        yield call.flag(
            f"this tensor is on `{tensor.device}`, and `numpy()` of it raises a TypeError; copy it to the host first with `.cpu()`",
            fix=Fix("Copy it with `.cpu()`", call_behind(site, "cpu()")) if site else None,
        )
