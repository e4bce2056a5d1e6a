"""TL404: the log of a softmax or sigmoid underflows."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.semantics.activations import log_in_one
from torchlint.semantics.facts import Call
from torchlint.semantics.values import Tensor

_INSTEAD = {"softmax": "log_softmax", "sigmoid": "logsigmoid"}


@rule("TL404", severity="warning", words=("softmax|Softmax|sigmoid|Sigmoid", "log"), calls=("log",))
def log_of_softmax(call: Call) -> Iterator[Finding]:
    if call.name not in ("torch.log", "torch.Tensor.log") or not call.positional:
        return
    given = call.positional[0]
    activation = given.activation if isinstance(given, Tensor) else None
    if activation is None or activation.clamped or activation.kind not in _INSTEAD:
        return
    instead = _INSTEAD[activation.kind]
    yield call.flag(
        f"log of {activation.kind} underflows to -inf where a probability is tiny, and its gradient to nan; use `F.{instead}`",
        fix=log_in_one(call, activation, instead),
        related=((activation.site, f"{activation.kind} is applied here"),),
    )
