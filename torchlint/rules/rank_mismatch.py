"""TL507: a layer for tensors of another number of dimensions."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.lineage import layer_name, way
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL507", words=("Conv|Norm|Pool|LSTM|GRU|RNN|Pad|Upsample|Shuffle|Attention|Transformer",))
def rank_mismatch(mismatch: ShapeMismatch) -> Iterator[Finding]:
    if mismatch.module is None or mismatch.kind != "rank" or mismatch.at_fault is None:
        return
    name = layer_name(mismatch.module)
    yield mismatch.flag(
        f"{way(mismatch.at_fault)}, and `{name}` does not take that number of dimensions: {mismatch.reason}; use the layer "
        "for the dimensions that arrive, or reshape before it",
        related=((mismatch.module_site, f"`{name}` is built here"),),
    )
