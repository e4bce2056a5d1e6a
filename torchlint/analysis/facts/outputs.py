"""What becomes of outputs and losses: gathered over the rounds of a loop, or compared with a threshold."""

from __future__ import annotations

from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import Value
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site


@immutable
class Accumulation(Fact):
    """A tensor with a graph is added to a sum, or put into a list, that outlives the round of the loop it was made in.

    `holder` is where the sum or list is written; `tensor` the expression that holds the graph, where that
    is one; `as_tensor` whether the sum or list is used as a tensor later.
    """

    value: Value
    holder: Site
    tensor: Site | None
    as_tensor: bool


@immutable
class LogitsThresholded(Fact):
    """What a loss takes as logits elsewhere is compared with 0.5 or rounded; `written` is its expression."""

    value: Value
    written: Site
    loss: Site
