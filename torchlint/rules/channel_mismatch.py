"""TL502: another number of channels or features reaches a layer than it takes."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.flattenings import drops_batch, in_features_wrong, moves_batch
from torchlint.analysis.facts.lineage import flattening, layer_name, way
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_KINDS = frozenset({"channels", "features"})


@rule("TL502", words=("Conv|conv|Norm|norm|Linear|LSTM|GRU|RNN|MultiheadAttention|Transformer|Bilinear",))
def channel_mismatch(mismatch: ShapeMismatch) -> Iterator[Finding]:
    if mismatch.module is None or mismatch.kind not in _KINDS or mismatch.at_fault is None:
        return
    flat = flattening(mismatch.at_fault)
    if in_features_wrong(mismatch) or moves_batch(flat) or drops_batch(flat, mismatch.expected):
        return
    name, counted = layer_name(mismatch.module), mismatch.kind
    yield mismatch.flag(
        f"{way(mismatch.at_fault)}, but `{name}` takes {mismatch.expected} {counted}, so that the first batch raises; "
        "make the two numbers agree",
        related=((mismatch.module_site, f"`{name}` is built here"),),
    )
