"""TL423: a probability of 0.5 is a logit of 0."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import above_zero
from torchlint.analysis.facts.outputs import LogitsThresholded
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL423", severity="warning", words=("with_logits|WithLogits|focal_loss", "0.5|.5|round"))
def logits_thresholded(found: LogitsThresholded) -> Iterator[Finding]:
    yield found.flag(
        "logits are thresholded as if they were probabilities: 0.5 is a probability of 0.62; compare with 0, or apply the sigmoid first",
        fix=above_zero(found.site, found.written),
        related=((found.loss, "the loss takes them as logits here"),),
    )
