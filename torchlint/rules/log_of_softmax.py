"""TL404: the log of a softmax or sigmoid underflows."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.activations import log_in_one
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import Const, Tensor, Value
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_INSTEAD = {"softmax": "log_softmax", "sigmoid": "logsigmoid"}
# exp(-x) of a float32 is 0 soon after.
_VANISHES = 80


@rule("TL404", severity="warning", words=("softmax|Softmax|sigmoid|Sigmoid", "log"), calls=("log",))
def log_of_softmax(call: Call) -> Iterator[Finding]:
    if call.name not in ("torch.log", "torch.Tensor.log") or not call.positional:
        return
    given = call.positional[0]
    activation = given.activation if isinstance(given, Tensor) else None
    if activation is None or activation.clamped or activation.kind not in _INSTEAD or _moderate(given):
        return
    instead = _INSTEAD[activation.kind]
    yield call.flag(
        f"log of {activation.kind} underflows to -inf where a probability is tiny, and its gradient to nan; use `F.{instead}`",
        fix=log_in_one(call, activation, instead),
        related=((activation.site, f"{activation.kind} is applied here"),),
    )


def _moderate(probabilities: Value) -> bool:
    """Whether they were computed of a range of numbers that the program writes down, none so far out that a probability vanishes."""
    scores = probabilities.inputs[0] if isinstance(probabilities, Tensor) and probabilities.inputs else None
    if not isinstance(scores, Tensor) or scores.op not in ("arange", "linspace"):
        return False
    return all(isinstance(each, Const) and isinstance(each.value, int | float) and abs(each.value) < _VANISHES / 2 for each in scores.inputs[:2])
