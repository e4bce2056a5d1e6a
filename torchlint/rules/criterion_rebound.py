"""TL421: the loss function is overwritten by its first value."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.renaming import rebound_name, renamed_in_scope
from torchlint.analysis.facts.calls import ValueCalled
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_LOSSES = frozenset({"loss", "losses"})


@rule("TL421", words=("loss|Loss|cross_entropy|criterion",))
def criterion_rebound(called: ValueCalled) -> Iterator[Finding]:
    value = called.value
    if not isinstance(value, Tensor) or value.activation is None or value.activation.kind not in _LOSSES or value.site is None:
        return
    target = rebound_name(value.site, called.callee)
    if target is not None:
        yield called.flag(
            "the loss function is overwritten by its own value: the next call raises TypeError, 'Tensor' object is not callable; "
            "give the function another name, such as `criterion`",
            at=target,
            fix=renamed_in_scope(target, called.callee, value.activation.maker, "criterion"),
        )
