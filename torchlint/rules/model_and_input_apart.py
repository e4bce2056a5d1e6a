"""TL803: a model and what it is given must be on one device."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import ModuleCall
from torchlint.analysis.values.abstract import Instance, Tensor
from torchlint.analysis.values.devices import ACCELERATORS, DEFAULT, MOVED, module_device
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL803", words=(".to|cuda|device",))
def model_and_input_apart(call: ModuleCall) -> Iterator[Finding]:
    given = call.positional[0] if call.positional else None
    if not isinstance(call.receiver, Instance) or not isinstance(given, Tensor) or call.alone_on_instance:
        return
    here, there = module_device(call.receiver), given.device
    if here == DEFAULT and _away(there):
        message = "the input is moved to a device, and the model is not"
    elif _away(here) and there == DEFAULT:
        message = "the model is moved to a device, and its input is not"
    else:
        return
    yield call.flag(f"{message}: where that is no CPU, this raises a RuntimeError; move both", at=call.outermost, severity="warning" if MOVED in (here, there) else None)


def _away(device: str | None) -> bool:
    return device is not None and (device == MOVED or device.partition(":")[0] in ACCELERATORS)
