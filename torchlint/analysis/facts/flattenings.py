"""What flattening does to a batch: kept, lost, or moved by a size that is not a sample's."""

from __future__ import annotations

from torchlint.analysis.facts.lineage import (
    FLATTENINGS,
    batched,
    equal,
    flattening,
    sample_size,
    source_of,
    sources,
)
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.analysis.facts.sizes import leaves_batch, states_features
from torchlint.analysis.values.abstract import Tensor, Value
from torchlint.torch_api.dims import Dim, Shape, product, same


def in_features_wrong(mismatch: ShapeMismatch) -> bool:
    """Whether a Linear takes another number than a flatten that keeps the batch leaves it."""
    if mismatch.operation != "torch.nn.Linear" or mismatch.kind != "features":
        return False
    flat = flattening(mismatch.at_fault)
    source = source_of(flat) if flat is not None else None
    if flat is None or source is None or not flat.shape or len(flat.shape) < 2:
        return False
    if source.shape is not None and len(source.shape) < 3:
        return False
    return not states_features(flat)


def moves_batch(flat: Tensor | None) -> bool:
    """Whether a tensor came of `view(-1, …)` with a size that is not that of a sample."""
    source = source_of(flat) if flat is not None and flat.op in ("view", "reshape") else None
    if flat is None or source is None or flat.shape is None or len(flat.shape) < 2 or not leaves_batch(flat.site):
        return False
    if len(flat.shape) > 2 and source.shape is not None and flat.shape[-2:] == source.shape[-2:]:
        return False
    return moved(source.shape, product(flat.shape[1:]))


def moved(before: Shape, size: Dim) -> bool:
    """Whether cutting a batch of shape `before` into rows of `size` mixes or splits samples.

    Left alone: sizes that are a product of the last dims, or divide the last one (heads, tokens, columns).
    """
    if before is None or len(before) < 2 or not isinstance(size, int) or not isinstance(before[-1], int):
        return False
    whole = sample_size(before)
    if not size or before[-1] % size == 0 or same(whole, size) is not False:
        return False
    # Whole samples, several in a row: a batch that was folded is unfolded.
    if isinstance(whole, int) and whole and size % whole == 0:
        return False
    return all(same(product(before[start:]), size) is False for start in range(len(before)))


def drops_batch(flat: Tensor | None, taken: Dim = None) -> bool:
    """Whether a tensor is a batch laid out in one row, of which a layer takes `taken` numbers for a sample."""
    source = source_of(flat) if flat is not None else None
    if flat is None or source is None or source.shape is None or flat.shape is None or len(flat.shape) != 1:
        return False
    size = sample_size(source.shape)
    if len(source.shape) < 2 or size == 1 or equal(flat.shape[0], taken):
        return False
    return batched(source) or equal(size, taken)


def rows(value: Value | None) -> Tensor | None:
    """The flattened tensor from which something of one dim was computed, layers in between."""
    for each in sources(value) if isinstance(value, Tensor) else ():
        if each.shape is None or len(each.shape) != 1:
            return None
        if each.op in FLATTENINGS:
            return each
    return None
