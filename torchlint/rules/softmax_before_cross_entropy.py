"""TL401: cross entropy takes logits; a softmax before it is applied twice."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.activations import removal
from torchlint.analysis.facts.calls import LossCall
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_SOFTMAX = frozenset({"softmax", "gumbel_softmax"})


@rule("TL401", words=("softmax|Softmax", "cross_entropy|CrossEntropyLoss"))
def softmax_before_cross_entropy(loss: LossCall) -> Iterator[Finding]:
    if loss.loss != "CrossEntropyLoss" or not isinstance(loss.input, Tensor) or loss.input.activation is None:
        return
    activation = loss.input.activation
    if activation.site is None:
        return
    if activation.kind in _SOFTMAX:
        yield loss.flag(
            "softmax is applied before cross entropy, which applies log-softmax itself: the loss cannot approach 0 and "
            "gradients shrink; return the logits and keep softmax for predictions",
            at=activation.site,
            related=((loss.site, "the loss is computed here"),),
            fix=removal(activation, "Remove the activation"),
        )
    elif activation.kind == "log_softmax":
        yield loss.flag(
            "log_softmax before cross entropy is redundant: cross entropy applies it itself; return the logits, or use NLLLoss",
            at=activation.site,
            related=((loss.site, "the loss is computed here"),),
            fix=removal(activation, "Remove the activation"),
            severity="warning",
        )


