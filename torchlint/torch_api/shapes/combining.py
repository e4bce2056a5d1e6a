"""Several tensors into one and one into several: cat, stack, split, chunk, repeat."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from torchlint.torch_api.dims import (
    UNKNOWN,
    Dim,
    Shape,
    ceiling,
    product,
    same,
    show,
    show_shape,
    times,
    total,
)
from torchlint.torch_api.shapes.entry import Function, Plain, both, function
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import axis, dims, expect_rank_from, integer, more_certain, sequence
from torchlint.torch_api.shapes.reading import dim as size_of
from torchlint.torch_api.shapes.reshaping import at_least_rank, unsqueeze


def cat(tensors: object, dim: object = 0) -> Shape:
    """Shapes that are equal but for `dim`, where sizes add up; an empty vector (0,) joins anything.

    Raises "rank" and "mismatch". https://docs.pytorch.org/docs/stable/generated/torch.cat.html
    """
    shapes = sequence(tensors)
    if shapes is None:
        return None
    if not shapes:
        raise ShapeError("cat takes one tensor or more", "argument")
    if any(_may_be_empty_vector(shape) for shape in shapes):
        kept = [shape for shape in shapes if shape != (0,)]
        if not kept:
            return (0,)
        shapes = tuple(kept)
        if any(_may_be_empty_vector(shape) for shape in shapes) and len(shapes) > 1:
            return None
    known = [shape for shape in shapes if isinstance(shape, tuple)]
    if not known:
        return None
    _expect_one_rank(known, "cat")
    rank = len(known[0])
    if rank == 0:
        raise ShapeError("tensors of no dims cannot be concatenated", "rank", input=known[0], found=0)
    place = axis(dim, rank, known[0])
    if place is None:
        return (None,) * rank
    result = _merged(known, place, "cat")
    summed = total(shape[place] for shape in known) if len(known) == len(shapes) else None
    return (*result[:place], summed, *result[place + 1 :])


def stack(tensors: object, dim: object = 0) -> Shape:
    """Equal shapes along a new dim. Raises "mismatch". https://docs.pytorch.org/docs/stable/generated/torch.stack.html"""
    shapes = sequence(tensors)
    if shapes is None:
        return None
    if not shapes:
        raise ShapeError("stack takes one tensor or more", "argument")
    known = [shape for shape in shapes if isinstance(shape, tuple)]
    if not known:
        return None
    _expect_one_rank(known, "stack")
    merged = _merged(known, None, "stack")
    placed = unsqueeze(merged, dim)
    if placed is None or not isinstance(dim, int):
        return placed
    place = dim % (len(merged) + 1)
    return (*placed[:place], len(shapes), *placed[place + 1 :])


def pile(tensors: object, *, rank: int, dim: int) -> Shape:
    """`vstack` and `dstack`: tensors of at least `rank` dims, concatenated along `dim`.

    https://docs.pytorch.org/docs/stable/generated/torch.vstack.html
    """
    shapes = sequence(tensors)
    if shapes is None:
        return None
    return cat(tuple(at_least_rank(_shape(shape), rank=rank) for shape in shapes), dim)


def hstack(tensors: object) -> Shape:
    """Concatenated along dim 1, vectors along dim 0. https://docs.pytorch.org/docs/stable/generated/torch.hstack.html"""
    shapes = sequence(tensors)
    if not shapes or shapes[0] is None:
        return None
    lifted = tuple(at_least_rank(_shape(shape), rank=1) for shape in shapes)
    return cat(lifted, 0 if lifted[0] is not None and len(lifted[0]) == 1 else 1)


def column_stack(tensors: object) -> Shape:
    """Vectors as columns, concatenated along dim 1.

    https://docs.pytorch.org/docs/stable/generated/torch.column_stack.html
    """
    shapes = sequence(tensors)
    if shapes is None:
        return None
    columns = tuple(_column(_shape(shape)) for shape in shapes)
    return cat(columns, 1)


def split(input: Shape, split_size_or_sections: object, dim: object = 0) -> object:
    """Pieces of a size, the last one maybe smaller, or pieces of the named sizes, which must add up.

    https://docs.pytorch.org/docs/stable/generated/torch.split.html
    """
    sections = sequence(split_size_or_sections)
    if input is None:
        return [None for _ in sections] if sections is not None else _unknown()
    expect_rank_from(input, 1, "split")
    place = axis(dim, len(input), input)
    if sections is None:
        return _pieces(input, place, size_of(split_size_or_sections))
    sizes = tuple(map(size_of, sections))
    if place is None:
        return [(None,) * len(input) for _ in sizes]
    if same(total(sizes), input[place]) is False:
        raise ShapeError(
            f"split into {show_shape(sizes)} does not add up to the {show(input[place])} of dim {place}",
            "mismatch",
            input=input,
            dim=place,
            expected=input[place],
            found=total(sizes),
        )
    return [(*input[:place], size, *input[place + 1 :]) for size in sizes]


def chunk(input: Shape, chunks: object, dim: object = 0) -> object:
    """At most `chunks` pieces of equal size, the last one maybe smaller.

    https://docs.pytorch.org/docs/stable/generated/torch.chunk.html
    """
    count = integer(chunks)
    if input is None or count is None:
        return _unknown()
    expect_rank_from(input, 1, "chunk")
    place = axis(dim, len(input), input)
    if count < 1:
        raise ShapeError(f"chunk into {count} pieces", "argument", input=input)
    if place is None:
        return _unknown()
    size = input[place]
    if size == 0:
        return [input] * count
    piece = ceiling(size, count)
    if same(times(piece, count), size):
        return [(*input[:place], piece, *input[place + 1 :])] * count
    return _pieces(input, place, piece)


def tensor_split(input: Shape, indices_or_sections: object, dim: object = 0) -> object:
    """As many pieces as named, or pieces between the named indices.

    https://docs.pytorch.org/docs/stable/generated/torch.tensor_split.html
    """
    indices = sequence(indices_or_sections)
    count = integer(indices_or_sections)
    if input is None or (indices is None and count is None):
        return _unknown() if indices is None else [None] * (len(indices) + 1)
    expect_rank_from(input, 1, "tensor_split")
    place = axis(dim, len(input), input)
    if place is None:
        return _unknown()
    size = input[place]
    if count is not None:
        if count < 1:
            raise ShapeError(f"tensor_split into {count} pieces", "argument", input=input)
        sizes = _even(size, count)
    else:
        sizes = _between(size, indices or ())
    return [(*input[:place], each, *input[place + 1 :]) for each in sizes]


def split_by_name(input: Shape, indices_or_sections: object, *, name: str) -> object:
    """`hsplit`, `vsplit` and `dsplit`: `tensor_split` along dim 1, 0 and 2, with sections that must be equal.

    https://docs.pytorch.org/docs/stable/generated/torch.hsplit.html
    """
    rank = {"hsplit": 1, "vsplit": 2, "dsplit": 3}[name]
    if input is None:
        return _unknown()
    expect_rank_from(input, rank, name)
    place = {"hsplit": 0 if len(input) == 1 else 1, "vsplit": 0, "dsplit": 2}[name]
    count = integer(indices_or_sections)
    size = input[place]
    if count is not None and count > 0 and isinstance(size, int) and size % count:
        raise ShapeError(
            f"{name} of {show_shape(input)} into {count} parts: {size} is no multiple of it",
            "divisibility",
            input=input,
            dim=place,
            expected=count,
            found=size,
        )
    return tensor_split(input, indices_or_sections, place)


def unbind(input: Shape, dim: object = 0) -> object:
    """The tensors along a dim, which is dropped. https://docs.pytorch.org/docs/stable/generated/torch.unbind.html"""
    if input is None:
        return _unknown()
    expect_rank_from(input, 1, "unbind")
    place = axis(dim, len(input), input)
    if place is None or not isinstance(input[place], int):
        return _unknown()
    count = input[place]
    assert isinstance(count, int)
    return [(*input[:place], *input[place + 1 :])] * count


def repeat(input: Shape, repeats: object) -> Shape:
    """Each dim times its count; more counts than dims make new dims in front. Raises "rank" where they are fewer.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
    """
    counts = dims(repeats)
    if input is None or counts is None:
        return None if counts is None or input is None else (None,) * len(counts)
    if len(counts) < len(input):
        raise ShapeError(
            f"repeat has {len(counts)} counts, {show_shape(input)} has {len(input)} dims", "rank", input=input
        )
    padded = (*(1,) * (len(counts) - len(input)), *input)
    return tuple(map(times, padded, counts))


def tile(input: Shape, dims: object) -> Shape:
    """As `repeat`, but counts may be fewer than dims. https://docs.pytorch.org/docs/stable/generated/torch.tile.html"""
    counts = sequence(dims) if not isinstance(dims, int) else (dims,)
    if input is None or counts is None:
        return None
    return repeat(input, (*(1,) * (len(input) - len(counts)), *counts))


def repeat_interleave(input: Shape, repeats: object = None, dim: object = None) -> Shape:
    """Each element several times; along all elements, as a vector, unless `dim` is given.

    https://docs.pytorch.org/docs/stable/generated/torch.repeat_interleave.html
    """
    if input is None:
        return (None,) if dim is None else None
    count = size_of(repeats)
    if dim is None:
        return (times(product(input), count),)
    expect_rank_from(input, 1, "repeat_interleave along a dim")
    place = axis(dim, len(input), input)
    if place is None:
        return (None,) * len(input)
    return (*input[:place], times(input[place], count), *input[place + 1 :])


def _unknown() -> object:
    """As many results as the sizes say, which are not known."""
    return Plain(UNKNOWN)


def _shape(value: object) -> Shape:
    return value if isinstance(value, tuple) else None


def _may_be_empty_vector(shape: object) -> bool:
    return isinstance(shape, tuple) and len(shape) == 1 and (shape[0] is None or shape[0] == 0)


def _expect_one_rank(shapes: list[tuple[Dim, ...]], who: str) -> None:
    for first, other in pairwise(shapes):
        if len(first) != len(other):
            raise ShapeError(
                f"{who} of {show_shape(first)} and {show_shape(other)}: the ranks differ",
                "rank",
                input=other,
                expected=len(first),
                found=len(other),
            )


def _merged(shapes: list[tuple[Dim, ...]], place: int | None, who: str) -> tuple[Dim, ...]:
    """What is known of dims that must be equal in all shapes, but for `place`."""
    result = list(shapes[0])
    for shape in shapes[1:]:
        for index, size in enumerate(shape):
            if index == place:
                continue
            if same(result[index], size) is False:
                raise ShapeError(
                    f"{who} of {show_shape(shapes[0])} and {show_shape(shape)}: dim {index} differs",
                    "mismatch",
                    input=shape,
                    dim=index,
                    expected=result[index],
                    found=size,
                )
            result[index] = more_certain(result[index], size)
    return tuple(result)


def _column(shape: Shape) -> Shape:
    if shape is None or len(shape) > 1:
        return shape
    return (*(shape or (1,)), 1)


def _pieces(input: tuple[Dim, ...], place: int | None, piece: Dim) -> object:
    """Pieces of a size along a dim; their number must be known."""
    size = None if place is None else input[place]
    if place is None or not isinstance(size, int) or not isinstance(piece, int):
        if place is None or piece is None or not same(size, piece):
            return _unknown()
        return [input]
    if piece < 0 or (piece == 0 and size):
        raise ShapeError(f"split into pieces of {piece}", "argument", input=input)
    if size == 0 or piece == 0:
        return [input]
    sizes = [min(piece, size - start) for start in range(0, size, piece)]
    return [(*input[:place], each, *input[place + 1 :]) for each in sizes]


def _even(size: Dim, count: int) -> tuple[Dim, ...]:
    if not isinstance(size, int):
        piece = size // count if size is not None else None
        return (piece if same(times(piece, count), size) else None,) * count
    return tuple(size // count + (place < size % count) for place in range(count))


def _between(size: Dim, indices: tuple[object, ...]) -> tuple[Dim, ...]:
    """Sizes of the slices between indices, as Python slices."""
    if not isinstance(size, int) or any(not isinstance(index, int) for index in indices):
        return (None,) * (len(indices) + 1)
    bounds: list[int | None] = [None, *(index for index in indices if isinstance(index, int)), None]
    return tuple(len(range(size)[start:end]) for start, end in pairwise(bounds))


FUNCTIONS: dict[str, Function] = {
    "torch.cat": function(cat, "tensors: Ts, dim|axis"),
    "torch.concat": function(cat, "tensors: Ts, dim|axis"),
    "torch.concatenate": function(cat, "tensors: Ts, dim|axis"),
    "torch.stack": function(stack, "tensors: Ts, dim"),
    "torch.hstack": function(hstack, "tensors: Ts"),
    "torch.vstack": function(partial(pile, rank=2, dim=0), "tensors: Ts"),
    "torch.row_stack": function(partial(pile, rank=2, dim=0), "tensors: Ts"),
    "torch.dstack": function(partial(pile, rank=3, dim=2), "tensors: Ts"),
    "torch.column_stack": function(column_stack, "tensors: Ts"),
    "torch.split": function(split, "input|tensor: T, split_size_or_sections|split_size, dim"),
    "torch.Tensor.split": function(split, "input: T, split_size_or_sections|split_size, dim"),
    "torch.Tensor.split_with_sizes": function(split, "input: T, split_size_or_sections|split_sizes, dim"),
    **both("chunk", chunk, "input: T, chunks, dim"),
    **both("tensor_split", tensor_split, "input: T, indices_or_sections|sections|indices, dim"),
    **both("hsplit", partial(split_by_name, name="hsplit"), "input: T, indices_or_sections|sections|indices"),
    **both("vsplit", partial(split_by_name, name="vsplit"), "input: T, indices_or_sections|sections|indices"),
    **both("dsplit", partial(split_by_name, name="dsplit"), "input: T, indices_or_sections|sections|indices"),
    **both("unbind", unbind, "input: T, dim"),
    "torch.Tensor.repeat": function(repeat, "input: T, *repeats|sizes"),
    "torch.tile": function(tile, "input: T, dims"),
    "torch.Tensor.tile": function(tile, "input: T, *dims"),
    **both("repeat_interleave", repeat_interleave, "input: T, repeats, dim, *, _output_size"),
}
