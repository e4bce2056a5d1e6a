"""TL414: an evaluation of a model that is in train mode: dropout drops, batch norm uses and learns the batch."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.passes import EvaluationPass
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL414", severity="warning", words=("no_grad|inference_mode|set_grad_enabled|DataLoader|backward|step|load",), contexts="all")
def eval_without_eval_mode(evaluation: EvaluationPass) -> Iterator[Finding]:
    for use in evaluation.uses:
        if use.by_mode or not evaluation.in_train_mode(use) or use.moded is False or not use.ended:
            continue
        if evaluation.by_data or (use.infers and use.moded) or (evaluation.over_data and (use.by_training or use.grad is False)):
            place = "before the loop" if evaluation.loop is not None else "first"
            yield evaluation.flag(
                "evaluation in train mode: dropout drops and batch norm normalises by the batch (and learns from it), "
                f"so results change from run to run; call `model.eval()` {place}",
                related=((use.call.site, "the model is applied here"),),
                fix=evaluation.with_eval(use),
            )
            return
