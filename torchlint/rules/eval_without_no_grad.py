"""TL413: an evaluation that builds the graph of every batch, for a backward pass that never comes."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.passes import EvaluationPass
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL413", severity="warning", words=("eval|train|backward|step|DataLoader|load",), contexts="all")
def eval_without_no_grad(evaluation: EvaluationPass) -> Iterator[Finding]:
    for use in evaluation.uses:
        if not use.grad or use.frozen or not use.ended:
            continue
        if use.by_mode or use.infers or evaluation.by_data or (use.by_training and evaluation.over_data):
            yield evaluation.flag(
                "evaluation with gradients on keeps every activation for a backward pass that never comes "
                "(`eval()` does not switch gradients off); put it under `torch.no_grad()`",
                related=((use.call.site, "the model is applied here"),),
                fix=evaluation.without_gradients,
            )
            return
