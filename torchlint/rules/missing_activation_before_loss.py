"""TL403: raw scores reach a loss of probabilities or of log-probabilities."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.activations import renamed
from torchlint.analysis.facts.calls import LossCall
from torchlint.analysis.values.abstract import Activation, Tensor
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

# The loss that takes what is given, and what each loss wants.
_INSTEAD = {"BCELoss": ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits"), "NLLLoss": ("CrossEntropyLoss", "cross_entropy")}
_WANTS = {"BCELoss": "probabilities", "NLLLoss": "log-probabilities", "KLDivLoss": "log-probabilities as its input"}
_GIVEN = {"linear": "raw scores", "unbounded": "unbounded values", "tanh": "values in [-1, 1]", "softmax": "probabilities", "sigmoid": "probabilities"}
_WRONG = {
    "BCELoss": frozenset({"linear", "unbounded", "tanh"}),
    "NLLLoss": frozenset({"linear", "unbounded", "softmax", "sigmoid"}),
    "KLDivLoss": frozenset({"linear", "softmax"}),
}
_HARM = {"BCELoss": "raises as soon as one leaves [0, 1]", "NLLLoss": "becomes negative without bound, or has almost no gradient", "KLDivLoss": "is no divergence then"}


@rule("TL403", words=("BCELoss|binary_cross_entropy|NLLLoss|nll_loss|KLDivLoss|kl_div",))
def missing_activation_before_loss(loss: LossCall) -> Iterator[Finding]:
    activation = loss.input.activation if isinstance(loss.input, Tensor) else None
    if activation is None or activation.clamped or activation.kind not in _WRONG.get(loss.loss, ()):
        return
    if loss.loss == "KLDivLoss" and isinstance(loss.target, Tensor) and loss.target.activation and loss.target.activation.kind == "log_softmax":
        return  # The arguments are swapped (TL406).
    wrong = activation.kind in ("softmax", "sigmoid")
    advice = "use log_softmax" if wrong or loss.loss == "KLDivLoss" else f"use {_INSTEAD[loss.loss][0]}, which takes logits"
    yield loss.flag(
        f"{loss.loss} wants {_WANTS[loss.loss]} and is given {_GIVEN[activation.kind]}: it {_HARM[loss.loss]}; {advice}",
        at=activation.site if wrong else loss.chosen,
        fix=_fix(loss, activation),
        related=((loss.site, "the loss is computed here"), (None if wrong else activation.site, "the output is made here")),
    )


def _fix(loss: LossCall, activation: Activation) -> Fix | None:
    if activation.kind == "softmax":
        return renamed(activation, "log_softmax", "Use log_softmax")
    if activation.kind != "linear" or loss.loss not in _INSTEAD:
        return None
    return loss.exchanged(*_INSTEAD[loss.loss])
