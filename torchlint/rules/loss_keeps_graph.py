"""TL416: a running sum or list of losses keeps every graph."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.outputs import Accumulation
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL416", severity="warning", words=("backward",))
def loss_keeps_graph(gathered: Accumulation) -> Iterator[Finding]:
    mend = "detach()" if gathered.as_tensor else "item()"
    fix = Fix(f"Keep the number: `.{mend}`", call_behind(gathered.tensor, mend)) if gathered.tensor else None
    yield gathered.flag(
        f"`{gathered.holder.text}` keeps each loss with its graph: memory grows with every step; keep the number, with `.{mend}`",
        fix=fix,
    )
