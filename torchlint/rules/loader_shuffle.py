"""TL419: training data in the same order in each epoch; test data in another one each time."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import set_argument
from torchlint.analysis.facts.passes import LoaderOrder
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import is_plain
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

_UNSHUFFLED = "`DataLoader` does not shuffle unless told to: every epoch trains on the same batches in the same order; pass `shuffle=True`"
_SHUFFLED = (
    "evaluation data is shuffled: predictions do not line up with samples, and partial passes score another subset each time; "
    "pass `shuffle=False`"
)
_SHUFFLE = 2


@rule("TL419", severity="warning", default=False, words=("DataLoader",))
def loader_shuffle(order: LoaderOrder) -> Iterator[Finding]:
    if order.training is not order.shuffled:
        yield order.flag(_UNSHUFFLED if order.training else _SHUFFLED, fix=_changed(order.site, order.training))


def _changed(made: Site, shuffle: bool) -> Fix | None:
    return set_argument(made, _SHUFFLE, "shuffle", str(shuffle), f"Pass shuffle={shuffle}") if is_plain(made) else None
