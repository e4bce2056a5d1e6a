"""TL201: `module.forward(x)` skips what `module(x)` does besides."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import method_left_out
from torchlint.analysis.facts.calls import ForwardCall
from torchlint.analysis.values.abstract import Instance
from torchlint.analysis.values.classes import is_scripted
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL201", severity="warning", words=("forward",))
def direct_forward_call(call: ForwardCall) -> Iterator[Finding]:
    module = call.receiver
    if not isinstance(module, Instance) or is_scripted(module) or call.by_own_method:
        return
    yield call.flag(
        "`.forward()` is called directly: hooks and what `torch.compile` made of the module are skipped; call the module itself",
        fix=method_left_out(call.site, "forward", "Call the module"),
    )
