"""TL201: `module.forward(x)` skips what `module(x)` does besides."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.facts.calls import ForwardCall
from torchlint.analysis.values.abstract import Class, Instance
from torchlint.analysis.values.classes import is_scripted, library_bases
from torchlint.analysis.values.guards import way
from torchlint.diagnostic import Edit, Finding, Fix, Position, Span
from torchlint.rule import rule
from torchlint.torch_api.lightning import LIGHTNING


@rule("TL201", severity="warning", words=("forward",))
def direct_forward_call(call: ForwardCall) -> Iterator[Finding]:
    module = call.receiver
    if not isinstance(module, Instance) or is_scripted(module) or _calls_itself(call, module):
        return
    yield call.flag(
        "`.forward()` is called directly: hooks and what `torch.compile` made of the module are skipped; call the module itself",
        fix=_without_forward(call),
    )


def _calls_itself(call: ForwardCall, module: Instance) -> bool:
    """Inside the module's own `__call__`, or a LightningModule's habit of old."""
    own = [frame for frame, _ in way(call.frame, call.site.node) if isinstance(frame.receiver, Instance) and frame.receiver.store is module.store]
    if any(frame.name == "__call__" for frame in own):
        return True
    return bool(own) and isinstance(module.cls, Class) and not LIGHTNING.isdisjoint(library_bases(module.cls))


def _without_forward(call: ForwardCall) -> Fix | None:
    callee = call.callee_site
    if callee is None or not isinstance(callee.node, ast.Attribute):
        return None
    end = callee.span.end
    span = Span(Position(end.row, end.column - len(".forward")), end)
    return Fix("Call the module", (Edit(span, ""),)) if callee.tree.text(span) == ".forward" else None
