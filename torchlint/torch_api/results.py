"""The dtype of an operation's result, from its inputs'.

Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from collections.abc import Sequence

from torchlint.torch_api.dtypes import FLOATING, INTEGER, is_integer, promote
from torchlint.torch_api.operations import Operation

_SUMS = frozenset({"sum", "nansum", "prod", "cumsum", "cumprod"})
_FIRST_ONLY = frozenset(
    ["masked_fill", "masked_scatter", "scatter", "scatter_add", "index_add", "index_copy", "index_put", "index_fill", "index_reduce", "scatter_reduce", "gather", "pad", "select", "index_select", "interpolate"]
)


def result_dtype(
    op: Operation, inputs: Sequence[tuple[str | None, int | None]], default: str | None
) -> str | None:
    """The result's dtype; `inputs` are (dtype, rank) pairs, Python numbers being ("python float", 0)."""
    match op.dtype:
        case "bool" | "int64":
            return op.dtype
        case "same":
            return inputs[0][0] if inputs else None
        case "argument":
            return None
    considered = inputs[1:] if op.name == "where" and len(inputs) == 3 else inputs
    considered = considered[:1] if op.name in _FIRST_ONLY else considered
    if not considered or (op.activation == "loss" and len({dtype for dtype, _ in considered}) > 1):
        return None
    dtype = _promoted(considered, default)
    if op.dtype == "float":
        if op.name == "pow":
            return dtype
        return default if is_integer(dtype) else dtype
    if op.name in _SUMS and is_integer(dtype):
        return "int64"
    return dtype


def _promoted(inputs: Sequence[tuple[str | None, int | None]], default: str | None) -> str | None:
    dtypes = [dtype for dtype, _ in inputs]
    if None in dtypes:
        return None
    tensors = [(dtype, rank) for dtype, rank in inputs if dtype and not dtype.startswith("python")]
    result = _of_tensors(tensors)
    for dtype in dtypes:
        if dtype == "python float" and result in INTEGER:
            result = default
        elif dtype == "python int" and result == "bool":
            result = "int64"
    return result


def _of_tensors(tensors: Sequence[tuple[str | None, int | None]]) -> str | None:
    """Tensors with dims go before those without, unless these are of a higher kind."""
    if not tensors:
        return None
    if len({dtype for dtype, _ in tensors}) == 1:
        return tensors[0][0]
    if any(rank is None for _, rank in tensors):
        return None
    groups = [[dtype for dtype, rank in tensors if rank], [dtype for dtype, rank in tensors if rank == 0]]
    wide, scalar = (_fold(group) for group in groups)
    if not groups[0] or not groups[1]:
        return wide or scalar
    if wide is None or scalar is None:
        return None
    return scalar if _kind(scalar) > _kind(wide) else wide


def _fold(dtypes: Sequence[str | None]) -> str | None:
    if not dtypes:
        return None
    result = dtypes[0]
    for dtype in dtypes[1:]:
        result = promote(result, dtype)
    return result


def _kind(dtype: str) -> int:
    return 0 if dtype == "bool" else 1 if dtype in INTEGER else 2 if dtype in FLOATING else 3
