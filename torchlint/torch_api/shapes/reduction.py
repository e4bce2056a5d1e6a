"""Dims that are summed away, or run along: sum, mean, max, argmax, norm, softmax, cumsum, sort, topk."""

from __future__ import annotations

from functools import partial

from torchlint.torch_api.dims import UNKNOWN, Dim, Shape, at_least, divides, minus, quotient, show, show_shape
from torchlint.torch_api.shapes.broadcasting import broadcast
from torchlint.torch_api.shapes.entry import Function, Layer, Plain, TensorShape, both, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import axis, distinct_axes, expect_rank_from, flag, integer, sequence
from torchlint.torch_api.shapes.reading import dim as size_of


def reduce(input: Shape, dim: object = None, keepdim: object = False) -> Shape:
    """Without the named dims (all of them if none is named), or with 1 in their place.

    https://docs.pytorch.org/docs/stable/generated/torch.sum.html
    """
    keep = flag(keepdim)
    everything = dim is None or sequence(dim) == ()
    if input is None:
        return () if everything and keep is False else None
    places = tuple(range(len(input))) if everything else distinct_axes(dim, input)
    if keep is None:
        return None
    if places is None:
        return (None,) * len(input) if keep else _unknown_reduced(input, dim)
    if keep:
        return tuple(1 if place in places else size for place, size in enumerate(input))
    return tuple(size for place, size in enumerate(input) if place not in places)


def reduce_named(input: Shape, dim: object = None, keepdim: object = False) -> Shape:
    """`all` and `any`, to which an empty tuple names no dims. https://docs.pytorch.org/docs/stable/generated/torch.all.html"""
    return input if sequence(dim) == () else reduce(input, dim, keepdim)


def reduce_pair(input: Shape, dim: object = None, keepdim: object = False) -> object:
    """`max`, `min`, `median`, `mode`: one number of all elements, or values and indices along a dim.

    https://docs.pytorch.org/docs/stable/generated/torch.max.html
    """
    if dim is None:
        return ()
    return Plain(UNKNOWN) if dim is UNKNOWN else along_pair(input, dim, keepdim)


def along_pair(input: Shape, dim: object = -1, keepdim: object = False) -> object:
    """Values and indices along a dim, as of `mode` and `kthvalue`.

    https://docs.pytorch.org/docs/stable/generated/torch.mode.html
    """
    result = reduce(input, dim, keepdim)
    return [result, result]


def extreme(input: Shape, dim: object = None, keepdim: object = False) -> object:
    """`max` and `min`: of all elements, along a dim (values and indices), or of two tensors, element by element.

    https://docs.pytorch.org/docs/stable/generated/torch.max.html
    """
    if isinstance(dim, TensorShape):
        return broadcast(input, dim.shape)
    return reduce_pair(input, dim, keepdim)


def std_mean(input: Shape, dim: object = None, keepdim: object = False) -> object:
    """Two results of one shape. https://docs.pytorch.org/docs/stable/generated/torch.std_mean.html"""
    result = reduce(input, dim, keepdim)
    return [result, result]


def norm(input: Shape, p: object = "fro", dim: object = None, keepdim: object = False) -> Shape:
    """`torch.norm`, whose default is of a vector or a matrix: one dim or two, or all.

    https://docs.pytorch.org/docs/stable/generated/torch.norm.html
    """
    named = sequence(dim)
    if p in ("fro", "nuc") and named is not None and len(named) > 2:
        raise ShapeError(f"a matrix's norm is along two dims, not {len(named)}", "argument", input=input)
    return reduce(input, dim, keepdim)


def quantile(input: Shape, q: object, dim: object = None, keepdim: object = False) -> Shape:
    """`torch.quantile` of one q. https://docs.pytorch.org/docs/stable/generated/torch.quantile.html"""
    return reduce(input, dim, keepdim) if isinstance(q, float) else None


def along(input: Shape, dim: object = None) -> Shape:
    """Every element is replaced along a dim, and the shape stays: softmax, cumsum, flip.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
    """
    if input is not None and dim is not None:
        axis(dim, len(input), input)
    return input


def flip_named(input: Shape, *, least: int) -> Shape:
    """`flipud` and `fliplr`: the same shape, of 1 or 2 dims or more.

    https://docs.pytorch.org/docs/stable/generated/torch.fliplr.html
    """
    if input is not None:
        expect_rank_from(input, least, "flipud" if least == 1 else "fliplr")
    return input


def flip(input: Shape, dims: object) -> Shape:
    """The same shape. https://docs.pytorch.org/docs/stable/generated/torch.flip.html"""
    if input is not None:
        distinct_axes(dims, input)
    return input


def along_two(input: Shape, dim: object = -1) -> object:
    """Values and indices of the input's shape: sort, cummax.

    https://docs.pytorch.org/docs/stable/generated/torch.sort.html
    """
    result = along(input, dim)
    return [result, result]


def topk(input: Shape, k: object, dim: object = -1) -> object:
    """Values and indices of the k largest along a dim. Raises "range" where there are fewer.

    https://docs.pytorch.org/docs/stable/generated/torch.topk.html
    """
    count = size_of(k)
    if input is None:
        return [None, None]
    place = axis(dim, len(input), input)
    if place is None:
        return [(None,) * len(input)] * 2
    size = input[place] if input else 1
    if at_least(minus(size, count), 0) is False:
        raise ShapeError(
            f"topk: dim {place} of {show_shape(input)} has fewer than {show(count)} elements",
            "range",
            input=input,
            dim=place,
            expected=count,
            found=size,
        )
    if not input:
        return [(), ()]
    result = (*input[:place], count, *input[place + 1 :])
    return [result, result]


def glu(input: Shape, dim: object = -1) -> Shape:
    """(…, 2a, …) → (…, a, …), one half gates the other. Raises "divisibility" for an odd size.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
    """
    if input is None:
        return None
    if not input:
        raise ShapeError("glu takes a tensor of 1 dim or more", "rank", input=input, found=0)
    place = axis(dim, len(input), input)
    if place is None:
        return (None,) * len(input)
    if divides(2, input[place]) is False:
        raise ShapeError(
            f"glu halves dim {place} of {show_shape(input)}, whose size {show(input[place])} is odd",
            "divisibility",
            input=input,
            dim=place,
            expected=2,
            found=input[place],
        )
    return (*input[:place], quotient(input[place], 2), *input[place + 1 :])


def _unknown_reduced(input: tuple[Dim, ...], dim: object) -> Shape:
    """Which dims go is unknown, but not how many."""
    items = sequence(dim)
    count = 1 if items is None and (integer(dim) is not None) else len(items) if items is not None else None
    return None if count is None or not input else (None,) * (len(input) - count)


LAYERS: dict[str, Layer] = {
    "torch.nn.Softmax": layer(along, "dim"),
    "torch.nn.LogSoftmax": layer(along, "dim"),
    "torch.nn.Softmin": layer(along, "dim"),
    "torch.nn.GLU": layer(glu, "dim"),
}

_SUMS = [
    "sum",
    "nansum",
    "mean",
    "nanmean",
    "prod",
    "amax",
    "amin",
    "logsumexp",
    "count_nonzero",
]
_SPREADS = ["std", "var"]
_PAIRS = ["median", "nanmedian"]
_RUNNING = ["cumsum", "cumprod", "logcumsumexp", "softmax", "log_softmax"]


def _functions() -> dict[str, Function]:
    entries: dict[str, Function] = {}
    for name in _SUMS:
        entries |= both(name, reduce, "input: T, dim|axis, keepdim|keepdims")
    for name in _SPREADS:
        entries |= both(name, reduce, "input: T, dim|axis, _unbiased, keepdim|keepdims, *, _correction")
        mean = f"{name}_mean"
        entries[f"torch.{mean}"] = function(
            std_mean, "input: T, dim|axis, _unbiased, keepdim|keepdims, *, _correction"
        )
    for name in ("any", "all"):
        entries |= both(name, reduce_named, "input: T, dim|axis, keepdim|keepdims")
    for name in ("max", "min"):
        entries |= both(name, extreme, "input: T, dim|other|axis: R, keepdim|keepdims")
    for name in ("argmax", "argmin"):
        entries |= both(name, reduce, "input: T, dim|axis, keepdim|keepdims")
    for name in _PAIRS:
        entries |= both(name, reduce_pair, "input: T, dim, keepdim")
    for name in _RUNNING:
        entries |= both(name, along, "input: T, dim|axis, _dtype")
    for name in ("softmax", "log_softmax", "softmin"):
        entries[f"torch.nn.functional.{name}"] = function(along, "input: T, dim, _stacklevel, _dtype")
    for name in ("cummax", "cummin"):
        entries |= both(name, along_two, "input: T, dim")
    return entries


FUNCTIONS: dict[str, Function] = {
    **_functions(),
    **both("mode", along_pair, "input: T, dim, keepdim"),
    **both("kthvalue", along_pair, "input: T, _k, dim, keepdim"),
    **both("aminmax", std_mean, "input: T, *, dim, keepdim"),
    **both("norm", norm, "input: T, p, dim, keepdim"),
    "torch.linalg.norm": function(reduce, "input|A: T, _ord, dim, keepdim"),
    "torch.linalg.vector_norm": function(reduce, "input|x: T, _ord, dim, keepdim"),
    **both("quantile", quantile, "input: T, q, dim, keepdim, *, _interpolation"),
    "torch.softmax": function(along, "input: T, dim, _dtype"),
    "torch.nn.functional.gumbel_softmax": function(along, "input|logits: T, _tau, _hard, _eps, dim"),
    "torch.nn.functional.glu": function(glu, "input: T, dim"),
    **both("sort", along_two, "input: T, dim, _descending, _stable"),
    **both("argsort", along, "input: T, dim, _descending, _stable"),
    **both("topk", topk, "input: T, k, dim, _largest, _sorted"),
    **both("flip", flip, "input: T, dims"),
    "torch.Tensor.flip": function(flip, "input: T, *dims"),
    **both("fliplr", partial(flip_named, least=2), "input: T"),
    **both("flipud", partial(flip_named, least=1), "input: T"),
    **both("roll", along, "input: T, _shifts, _dims"),
}
