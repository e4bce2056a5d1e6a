"""TL411: gradients add up over the rounds of a loop, since nothing empties them."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.passes import TrainingStep
from torchlint.analysis.values.abstract import Instance
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL411", words=("backward", "step"), contexts="all")
def missing_zero_grad(training: TrainingStep) -> Iterator[Finding]:
    if not training.emptied:
        yield training.flag(
            "`backward()` adds to the gradients of all rounds before, since nothing in this loop empties them, and the "
            "optimizer steps with the sum; call `zero_grad()` in every step",
            related=((training.step.site, "the step is taken here"), (training.loop.site, "in this loop")),
            fix=training.zero_grad,
            severity=None if isinstance(training.step.subject, Instance) else "warning",
        )
