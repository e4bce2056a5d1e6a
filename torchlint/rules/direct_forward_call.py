"""TL201: `module.forward(x)` skips what `module(x)` does besides."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import method_left_out
from torchlint.analysis.facts.calls import ForwardCall
from torchlint.analysis.values.abstract import Class, Instance
from torchlint.analysis.values.classes import is_scripted, library_bases
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.lightning import LIGHTNING


@rule("TL201", severity="warning", words=("forward",))
def direct_forward_call(call: ForwardCall) -> Iterator[Finding]:
    module = call.receiver
    if not isinstance(module, Instance) or is_scripted(module) or _calls_itself(call, module):
        return
    yield call.flag(
        "`.forward()` is called directly: hooks and what `torch.compile` made of the module are skipped; call the module itself",
        fix=method_left_out(call.site, "forward", "Call the module"),
    )


def _calls_itself(call: ForwardCall, module: Instance) -> bool:
    """Inside the module's own `__call__`, or a LightningModule's habit of old."""
    own = [frame for frame, _ in call.way if isinstance(frame.receiver, Instance) and frame.receiver.store is module.store]
    if any(frame.name == "__call__" for frame in own):
        return True
    return bool(own) and isinstance(module.cls, Class) and not LIGHTNING.isdisjoint(library_bases(module.cls))
