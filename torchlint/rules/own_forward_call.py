"""TL216: a method that calls `self.forward(x)` skips the module's own hooks."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import method_left_out
from torchlint.analysis.facts.calls import ForwardCall
from torchlint.analysis.values.abstract import Class, Instance
from torchlint.analysis.values.classes import is_scripted, library_bases
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.lightning import LIGHTNING


@rule("TL216", severity="warning", default=False, words=("forward",))
def own_forward_call(call: ForwardCall) -> Iterator[Finding]:
    module = call.receiver
    if not isinstance(module, Instance) or is_scripted(module) or not call.by_own_method or _calls_itself(call, module):
        return
    yield call.flag(
        "a method calls its own module's `forward`: the hooks that are registered on this module are skipped; call `self` itself",
        fix=method_left_out(call.site, "forward", "Call the module"),
    )


def _calls_itself(call: ForwardCall, module: Instance) -> bool:
    """Inside the module's own `__call__` or `forward`, or a LightningModule's habit of old."""
    running = {frame.name for frame, _ in call.way if isinstance(frame.receiver, Instance) and frame.receiver.store is module.store}
    habit = isinstance(module.cls, Class) and not LIGHTNING.isdisjoint(library_bases(module.cls))
    return habit or not running.isdisjoint({"__call__", "forward"})
