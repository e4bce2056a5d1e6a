"""TL402: binary cross entropy with logits applies the sigmoid itself."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.activations import removal
from torchlint.analysis.facts.calls import LossCall
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.losses import APPLIES_SIGMOID


@rule("TL402", words=("sigmoid|Sigmoid", "with_logits|WithLogits|focal_loss"))
def sigmoid_before_bce_with_logits(loss: LossCall) -> Iterator[Finding]:
    if loss.loss not in APPLIES_SIGMOID or not isinstance(loss.input, Tensor) or loss.input.activation is None:
        return
    activation = loss.input.activation
    if activation.kind == "sigmoid" and activation.site is not None:
        yield loss.flag(
            f"sigmoid is applied before {loss.loss}, which applies it itself: the loss cannot approach 0 and gradients "
            "vanish; return the logits and keep sigmoid for predictions",
            at=activation.site,
            related=((loss.site, "the loss is computed here"),),
            fix=removal(activation, "Remove the sigmoid"),
        )
