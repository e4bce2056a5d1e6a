"""TL415: training goes on in eval mode after the first round of the loop."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.passes import ModeKept
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL415", words=("eval|train", "backward"))
def eval_not_restored(mode: ModeKept) -> Iterator[Finding]:
    if mode.moded is not False:
        yield mode.flag(
            "the model stays in eval mode: from the next round of the loop on it is trained without dropout and with frozen "
            "batch norm; call `model.train()` at the loop's head",
            related=((mode.call.site, "the model is trained here"), (mode.loop.site, "in this loop")),
            fix=mode.with_train,
        )
