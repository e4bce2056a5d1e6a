"""What flattening does to a batch: kept, lost, or moved by a size that is not a sample's."""

from __future__ import annotations

import ast

from torchlint.analysis.facts.lineage import (
    FLATTENINGS,
    batched,
    equal,
    flattening,
    sample_size,
    source_of,
    sources,
    written,
)
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.analysis.values.abstract import Tensor, Value
from torchlint.analysis.values.site import Site
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


def states_features(flat: Tensor) -> bool:
    """Whether the last size of a `view` is a number that the program writes down."""
    node = flat.site.node if flat.site is not None else None
    if flat.site is None or flat.op not in ("view", "reshape") or not isinstance(node, ast.Call) or not node.args:
        return False
    last = node.args[-1]
    last = last.elts[-1] if isinstance(last, ast.Tuple | ast.List) and last.elts else last
    return not isinstance(last, ast.UnaryOp) and written(flat.site.at(last))


def moves_batch(flat: Tensor | None) -> bool:
    """Whether a tensor came of `view(-1, …)` with a size that is not that of a sample."""
    source = source_of(flat) if flat is not None and flat.op in ("view", "reshape") else None
    if flat is None or source is None or flat.shape is None or len(flat.shape) < 2 or not leaves_batch(flat.site):
        return False
    if len(flat.shape) > 2 and source.shape is not None and flat.shape[-2:] == source.shape[-2:]:
        return False
    return moved(source.shape, product(flat.shape[1:]))


def leaves_batch(site: Site | None) -> bool:
    """Whether the first size of a `view` is -1, left to torch."""
    node = site.node if site is not None else None
    given = [*node.args] if isinstance(node, ast.Call) else []
    if given and isinstance(given[-1], ast.Tuple | ast.List):
        given = given[-1].elts
    return bool(given) and isinstance(given[0], ast.UnaryOp) and getattr(given[0].operand, "value", None) == 1


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
