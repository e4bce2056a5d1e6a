"""TL419: training data in the same order in each epoch; test data in another one each time."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.edits.places import add_argument, replace
from torchlint.analysis.facts.passes import LoaderOrder
from torchlint.analysis.values.site import Site
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
    """`shuffle=` in the loader's construction."""
    node, text = made.node, str(shuffle)
    if not isinstance(node, ast.Call) or any(keyword.arg is None for keyword in node.keywords):
        return None
    given = next((keyword.value for keyword in node.keywords if keyword.arg == "shuffle"), None)
    if given is None and len(node.args) > _SHUFFLE:
        given = node.args[_SHUFFLE]
    if given is not None:
        return replace(made.at(given), text, f"Pass shuffle={text}")
    return add_argument(made, f"shuffle={text}", f"Pass shuffle={text}")
