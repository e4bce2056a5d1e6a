"""Parts of a tensor: indexing and slicing as Python writes it, and the functions that take parts."""

from __future__ import annotations

from collections.abc import Sequence

from torchlint.torch_api.dims import (
    UNKNOWN,
    Dim,
    Expression,
    Shape,
    at_least,
    ceiling,
    minus,
    plus,
    quotient,
    same,
    show,
    show_shape,
)
from torchlint.torch_api.shapes.broadcasting import broadcast
from torchlint.torch_api.shapes.entry import Function, Plain, TensorShape, both, function
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import axis, expect_rank, expect_rank_from, integer
from torchlint.torch_api.shapes.reading import dim as size_of


def index(shape: Shape, items: object) -> Shape:
    """`x[items]`: ints, slices, None, `...`, lists, tensors of indices and masks.

    An int drops a dim, a slice keeps one, None makes one, a mask drops as many as it has and makes one of unknown
    size; indices are broadcast and take the place of what they index, or come first if they do not stand together.
    Raises "rank" for too many indices, "range" for an int beyond a dim, "mismatch" for a mask of another size.
    https://docs.pytorch.org/docs/stable/tensor_view.html
    """
    parts = items if isinstance(items, tuple) else (items,)
    read = [_read(part) for part in parts]
    consumed = [_consumes(part) for part in read]
    if any(count is None for count in consumed):
        return None
    needed = sum(count for count in consumed if count is not None)
    if shape is None:
        return None
    if needed > len(shape):
        raise ShapeError(
            f"{needed} indices for {show_shape(shape)}, which has {len(shape)} dims",
            "rank",
            input=shape,
            expected=len(shape),
            found=needed,
        )
    if Ellipsis not in read:
        read.append(Ellipsis)
    return _indexed(shape, read, len(shape) - needed)


def _read(part: object) -> object:
    """A list of ints or bools is a tensor."""
    if not isinstance(part, list | tuple | range):
        return part
    if all(isinstance(item, bool) for item in part) and part:
        return TensorShape((len(part),), "bool")
    if all(isinstance(item, int | Expression) for item in part):
        return TensorShape((len(part),), "integer")
    return UNKNOWN


def _consumes(part: object) -> int | None:
    """How many dims an index takes; None where that is unknown."""
    if part is None or part is Ellipsis:
        return 0
    if isinstance(part, TensorShape):
        if part.kind == "bool":
            return len(part.shape) if part.shape else None
        return 1 if part.kind == "integer" and part.shape is not None else None
    if isinstance(part, bool):
        return None
    return 1 if isinstance(part, int | Expression | slice) else None


def _indexed(shape: tuple[Dim, ...], parts: Sequence[object], free: int) -> Shape:
    result: list[Dim] = []
    indices: list[tuple[Dim, ...]] = []
    places: list[tuple[int, int]] = []
    place = 0
    for position, part in enumerate(parts):
        if part is None:
            result.append(1)
        elif part is Ellipsis:
            result += shape[place : place + free]
            place, free = place + free, 0
        elif isinstance(part, slice):
            result.append(sliced(shape[place], part))
            place += 1
        elif isinstance(part, TensorShape) and part.shape:
            indices.append(_index_shape(shape, place, part))
            places.append((position, len(result)))
            place += len(part.shape) if part.kind == "bool" else 1
        else:
            _expect_in_range(shape, place, part)
            place += 1
    if not indices:
        return tuple(result)
    common = broadcast(*indices)
    assert common is not None
    # Indices apart from one another, also by a new dim or a slice, put their dims first; ints do not count.
    together = len({at for _, at in places}) == 1
    start = places[0][1] if together else 0
    return (*result[:start], *common, *result[start:])


def _index_shape(shape: tuple[Dim, ...], place: int, part: TensorShape) -> tuple[Dim, ...]:
    assert part.shape is not None
    if part.kind != "bool":
        return part.shape
    for offset, size in enumerate(part.shape):
        if same(shape[place + offset], size) is False:
            raise ShapeError(
                f"the mask {show_shape(part.shape)} does not fit {show_shape(shape)} at dim {place + offset}",
                "mismatch",
                input=shape,
                dim=place + offset,
                expected=shape[place + offset],
                found=size,
            )
    return (None,)


def _expect_in_range(shape: tuple[Dim, ...], place: int, value: object) -> None:
    position, size = integer(value), shape[place]
    if position is not None and isinstance(size, int) and not -size <= position < size:
        raise ShapeError(
            f"index {position} is beyond dim {place} of {show_shape(shape)}",
            "range",
            input=shape,
            dim=place,
            expected=size,
            found=position,
        )


def sliced(size: Dim, part: slice) -> Dim:
    """The length of a slice of a dim: ⌈(stop − start) / step⌉, with both ends clamped to the dim.

    Raises "argument" for a step below 1.
    """
    step = 1 if part.step is None else size_of(part.step)
    if at_least(step, 1) is False:
        raise ShapeError(
            f"slices of tensors have steps of 1 or more, not {show(step)}", "argument", found=step
        )
    start = 0 if part.start is None else _clamped(size, part.start)
    stop = size if part.stop is None else _clamped(size, part.stop)
    length = minus(stop, start)
    if at_least(length, 0):
        return length if step == 1 else ceiling(length, step)
    return 0 if at_least(length, 1) is False else None


def _clamped(size: Dim, end: object) -> Dim:
    """Where an end of a slice is, counted from the start, between 0 and the size."""
    place = size_of(end)
    if at_least(place, 0) is False:
        place = plus(place, size)
        if at_least(place, 0) is False:
            return 0
    if not at_least(place, 0):
        return None
    room = at_least(minus(size, place), 0)
    return None if room is None else place if room else size


def gather(input: Shape, dim: object, index: Shape) -> Shape:
    """The index's shape. Its other dims are at most those of the input ("range"), its rank is the input's ("rank").

    https://docs.pytorch.org/docs/stable/generated/torch.gather.html
    """
    _expect_index(input, dim, index, "gather")
    return index


def scatter(input: Shape, dim: object, index: Shape = None, src: Shape = None) -> Shape:
    """The input's shape. https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html"""
    _expect_index(input, dim, index, "scatter")
    if src is not None and src != () and index is not None:
        if len(src) != len(index):
            raise ShapeError("scatter takes src and index of one rank", "rank", input=src)
        for place, (taken, size) in enumerate(zip(index, src, strict=True)):
            _expect_at_most(taken, size, index, place, "scatter")
    return input


def index_select(input: Shape, dim: object, index: Shape) -> Shape:
    """(…, n, …) with an index (m,) → (…, m, …).

    https://docs.pytorch.org/docs/stable/generated/torch.index_select.html
    """
    if index is not None:
        expect_rank(index, (0, 1), "index_select's index")
    if input is None:
        return None
    place = axis(dim, len(input), input)
    if place is None:
        return (None,) * len(input)
    count = None if index is None else index[0] if index else 1
    if not input:
        if at_least(minus(count, 1), 1):
            raise ShapeError("a tensor of no dims has one element to select", "range", input=input)
        return ()
    return (*input[:place], count, *input[place + 1 :])


def index_into(input: Shape, dim: object, index: Shape = None, source: Shape = None) -> Shape:
    """`index_add`, `index_copy`, `index_fill`: the input's shape; the source is that of the indexed part.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html
    """
    if index is not None:
        expect_rank(index, (0, 1), "the index")
    if input is None:
        return None
    place = axis(dim, len(input), input)
    if place is None or not input or not source or index is None:
        return input
    expect_rank(source, (len(input),), "the source")
    for at, (size, found) in enumerate(zip(input, source, strict=True)):
        expected = size if at != place else index[0] if index else 1
        if same(expected, found) is False:
            raise ShapeError(
                f"the source {show_shape(source)} has {show(found)} in dim {at}, {show(expected)} is wanted",
                "mismatch",
                input=source,
                dim=at,
                expected=expected,
                found=found,
            )
    return input


def take(input: Shape, index: Shape) -> Shape:
    """The index's shape, of elements counted as in a vector.

    https://docs.pytorch.org/docs/stable/generated/torch.take.html
    """
    del input
    return index


def take_along_dim(input: Shape, indices: Shape, dim: object = None) -> Shape:
    """Indices and input broadcast but for `dim`. https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html"""
    if not input or indices is None:
        return None
    if dim is None:
        return (None,) if len(indices) != 1 else indices
    if len(indices) != len(input):
        raise ShapeError("take_along_dim takes indices of the input's rank", "rank", input=indices)
    place = axis(dim, len(input), input)
    if place is None:
        return (None,) * len(input)
    common = broadcast((*input[:place], *input[place + 1 :]), (*indices[:place], *indices[place + 1 :]))
    return None if common is None else (*common[:place], indices[place], *common[place:])


def narrow(input: Shape, dim: object, start: object, length: object) -> Shape:
    """`length` elements along a dim. Raises "range" where they are not there.

    https://docs.pytorch.org/docs/stable/generated/torch.narrow.html
    """
    if input is None:
        return None
    expect_rank_from(input, 1, "narrow")
    place = axis(dim, len(input), input)
    if place is None:
        return (None,) * len(input)
    first, count, size = size_of(start), size_of(length), input[place]
    if at_least(first, 0) is False:
        if at_least(plus(first, size), 0) is False:
            raise _beyond(input, place, first, "narrow")
        first = plus(first, size)
    if at_least(minus(size, plus(first, count)), 0) is False or at_least(count, 0) is False:
        raise _beyond(input, place, plus(first, count), "narrow")
    return (*input[:place], count, *input[place + 1 :])


def select(input: Shape, dim: object, index: object) -> Shape:
    """Without a dim, of which one element is taken. https://docs.pytorch.org/docs/stable/generated/torch.select.html"""
    if input is None:
        return None
    expect_rank_from(input, 1, "select")
    place = axis(dim, len(input), input)
    if place is None:
        return (None,) * (len(input) - 1)
    _expect_in_range(input, place, index)
    return (*input[:place], *input[place + 1 :])


def unfold(input: Shape, dimension: object, size: object, step: object) -> Shape:
    """Windows along a dim: (…, n, …) → (…, ⌊(n − size) / step⌋ + 1, …, size).

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.unfold.html
    """
    if input is None:
        return None
    place = axis(dimension, len(input), input)
    window, stride = size_of(size), size_of(step)
    if place is None:
        return (None,) * (len(input) + 1)
    length = input[place] if input else 1
    if at_least(minus(length, window), 0) is False:
        raise ShapeError(
            f"windows of {show(window)} do not fit dim {place} of {show_shape(input)}",
            "vanishes",
            input=input,
            dim=place,
            expected=window,
            found=length,
        )
    if not input:
        return (window,)
    count = plus(quotient(minus(length, window), stride), 1)
    return (*input[:place], count, *input[place + 1 :], window)


def diagonal(input: Shape, offset: object = 0, dim1: object = 0, dim2: object = 1) -> Shape:
    """Without two dims, their diagonal at the end. https://docs.pytorch.org/docs/stable/generated/torch.diagonal.html"""
    if input is None:
        return None
    first, second = axis(dim1, len(input), input), axis(dim2, len(input), input)
    if first is None or second is None:
        return (None,) * max(len(input) - 1, 0)
    if first == second:
        raise ShapeError(f"diagonal of dim {first} with itself", "dim", input=input)
    rest = (size for place, size in enumerate(input) if place not in (first, second))
    return (*rest, _diagonal(input[first], input[second], integer(offset)))


def diag(input: Shape, diagonal: object = 0) -> Shape:
    """A vector as a matrix's diagonal, or a matrix's diagonal as a vector.

    https://docs.pytorch.org/docs/stable/generated/torch.diag.html
    """
    if input is None:
        return None
    expect_rank(input, (1, 2), "diag")
    offset = integer(diagonal)
    if len(input) == 2:
        return (_diagonal(input[0], input[1], offset),)
    size = None if offset is None else plus(input[0], abs(offset))
    return (size, size)


def diag_embed(input: Shape, offset: object = 0, dim1: object = -2, dim2: object = -1) -> Shape:
    """Vectors as diagonals of matrices. https://docs.pytorch.org/docs/stable/generated/torch.diag_embed.html"""
    if input is None:
        return None
    rank = len(input) + 1
    first, second, shift = axis(dim1, rank, input), axis(dim2, rank, input), integer(offset)
    if not input:
        raise ShapeError("diag_embed takes a tensor of 1 dim or more", "rank", input=input)
    if first is None or second is None:
        return (None,) * rank
    if first == second:
        raise ShapeError(f"diag_embed into dim {first} twice", "dim", input=input)
    size = None if shift is None else plus(input[-1], abs(shift))
    rest = iter(input[:-1])
    return tuple(size if place in (first, second) else next(rest) for place in range(rank))


def triangle(input: Shape) -> Shape:
    """`tril` and `triu`: the same shape, of 2 dims or more. https://docs.pytorch.org/docs/stable/generated/torch.tril.html"""
    if input is not None:
        expect_rank_from(input, 2, "a triangle")
    return input


def masked_select(input: Shape, mask: Shape) -> Shape:
    """A vector of unknown length. https://docs.pytorch.org/docs/stable/generated/torch.masked_select.html"""
    broadcast(input, mask)
    return (None,)


def nonzero(input: Shape, as_tuple: object = False) -> object:
    """(count, rank), or a vector for each dim. https://docs.pytorch.org/docs/stable/generated/torch.nonzero.html"""
    if as_tuple is False:
        return (None, None if input is None else len(input))
    if as_tuple is True and input is not None:
        return [(None,)] * max(len(input), 1)
    return Plain(UNKNOWN)


def _diagonal(rows: Dim, columns: Dim, offset: int | None) -> Dim:
    if offset is None:
        return None
    rows, columns = (rows, minus(columns, offset)) if offset >= 0 else (plus(rows, offset), columns)
    if same(rows, columns):
        least: Dim = rows
    elif at_least(minus(columns, rows), 0):
        least = rows
    elif at_least(minus(rows, columns), 0):
        least = columns
    else:
        return None
    return least if at_least(least, 0) else 0 if at_least(least, 0) is False else None


def _expect_index(input: Shape, dim: object, index: Shape, who: str) -> None:
    if input is None or index is None:
        return
    place = axis(dim, len(input), input)
    if max(len(index), 1) != max(len(input), 1):
        raise ShapeError(
            f"{who}: the index {show_shape(index)} must have the rank of {show_shape(input)}",
            "rank",
            input=index,
            expected=len(input),
            found=len(index),
        )
    if place is None or len(index) != len(input):
        return
    for other, (taken, size) in enumerate(zip(index, input, strict=True)):
        if other != place:
            _expect_at_most(taken, size, index, other, who)


def _expect_at_most(taken: Dim, size: Dim, index: Shape, place: int, who: str) -> None:
    if at_least(minus(size, taken), 0) is False:
        raise ShapeError(
            f"{who}: the index {show_shape(index)} goes beyond {show(size)} in dim {place}",
            "range",
            input=index,
            dim=place,
            expected=size,
            found=taken,
        )


def _beyond(input: tuple[Dim, ...], place: int, found: Dim, who: str) -> ShapeError:
    return ShapeError(
        f"{who} goes beyond dim {place} of {show_shape(input)}",
        "range",
        input=input,
        dim=place,
        expected=input[place],
        found=found,
    )


def _functions() -> dict[str, Function]:
    entries: dict[str, Function] = {}
    for name in ("scatter", "scatter_add", "scatter_reduce"):
        entry = function(scatter, "input: T, dim, index: T, src|value: T, _reduce, *, _include_self")
        entries |= {f"{place}.{name}": entry for place in ("torch", "torch.Tensor")}
        entries[f"torch.Tensor.{name}_"] = entry
    for name in ("index_add", "index_copy", "index_fill"):
        entry = function(index_into, "input: T, dim, index: T, source|value: T, *, _alpha")
        entries |= {f"{place}.{name}": entry for place in ("torch", "torch.Tensor")}
        entries[f"torch.Tensor.{name}_"] = entry
    for name in ("tril", "triu"):
        entries |= both(name, triangle, "input: T, _diagonal")
        entries[f"torch.Tensor.{name}_"] = entries[f"torch.{name}"]
    return entries


FUNCTIONS: dict[str, Function] = {
    **_functions(),
    **both("gather", gather, "input: T, dim, index: T, *, _sparse_grad"),
    **both("index_select", index_select, "input: T, dim, index: T"),
    **both("take", take, "input: T, index: T"),
    **both("take_along_dim", take_along_dim, "input: T, indices: T, dim"),
    **both("narrow", narrow, "input: T, dim, start, length"),
    **both("select", select, "input: T, dim, index"),
    **both("diagonal", diagonal, "input: T, offset, dim1, dim2"),
    **both("diag", diag, "input: T, diagonal"),
    **both("diag_embed", diag_embed, "input: T, offset, dim1, dim2"),
    **both("masked_select", masked_select, "input: T, mask: T"),
    **both("nonzero", nonzero, "input: T, *, as_tuple"),
    "torch.Tensor.__getitem__": function(index, "shape: T, items: R"),
    "torch.Tensor.unfold": function(unfold, "input: T, dimension, size, step"),
}
