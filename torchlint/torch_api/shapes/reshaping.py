"""The same elements in another shape: view, reshape, flatten, permute, squeeze and their kin."""

from __future__ import annotations

from functools import partial

from torchlint.torch_api.dims import (
    UNKNOWN,
    Dim,
    Shape,
    at_least,
    divides,
    product,
    quotient,
    same,
    show,
    show_shape,
)
from torchlint.torch_api.shapes.entry import Function, Layer, both, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import axis, dims, distinct_axes, expect_rank, sequence


def view(input: Shape, shape: object) -> Shape:
    """The same elements in the wanted sizes, of which one may be −1: what is left of the number of elements.

    Raises "elements" where the number of elements differs, "argument" for a second −1. A string (`view(torch.int)`'s
    dtype) is no shape and gives an unknown one. https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """
    wanted = dims(shape)
    if wanted is None:
        return None
    free = [place for place, size in enumerate(wanted) if size == -1]
    if len(free) > 1:
        raise ShapeError(
            f"view to {show_shape(wanted)}: only one size can be left to torch", "argument", input=input
        )
    wrong = [size for size in wanted if isinstance(size, int) and size < -1]
    if wrong:
        raise ShapeError(f"view to {show_shape(wanted)}: {wrong[0]} is no size", "argument", input=input)
    count = None if input is None else product(input)
    rest = product(size for size in wanted if size != -1)
    if not free:
        if same(rest, count) is False:
            raise _elements(input, wanted, rest, count)
        return _with_missing(wanted, count)
    if divides(rest, count) is False or (rest == 0 and at_least(count, 1)):
        raise _elements(input, wanted, rest, count)
    return tuple(quotient(count, rest) if size == -1 else size for size in wanted)


def view_as(input: Shape, other: Shape) -> Shape:
    """`view` to another tensor's shape. https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view_as.html"""
    return None if other is None else view(input, other)


def flatten(input: Shape, start_dim: object = 0, end_dim: object = -1) -> Shape:
    """(…, a, b, …) → (…, a·b, …), the dims from `start_dim` to `end_dim` as one.

    https://docs.pytorch.org/docs/stable/generated/torch.flatten.html
    """
    if input is None:
        return (None,) if start_dim == 0 and end_dim == -1 else None
    start, end = axis(start_dim, len(input), input), axis(end_dim, len(input), input)
    if start is None or end is None:
        return None
    if not input:
        return (1,)
    if start > end:
        raise ShapeError(f"flatten from dim {start} to dim {end}: start comes after end", "dim", input=input)
    return (*input[:start], product(input[start : end + 1]), *input[end + 1 :])


def flatten_layer(input: Shape, start_dim: object = 1, end_dim: object = -1) -> Shape:
    """`nn.Flatten`, which leaves the batch. https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html"""
    return flatten(input, start_dim, end_dim)


def unflatten(input: Shape, dim: object, sizes: object) -> Shape:
    """(…, a·b, …) → (…, a, b, …), where one size may be −1. Raises "elements" where the product differs.

    https://docs.pytorch.org/docs/stable/generated/torch.unflatten.html
    """
    wanted = dims(sizes)
    if input is None or wanted is None:
        return None
    if not wanted:
        raise ShapeError("unflatten needs sizes", "argument", input=input)
    place = axis(dim, len(input), input)
    if place is None:
        return None
    if not input:
        raise ShapeError("a tensor of no dims has none to unflatten", "dim", input=input)
    parts = view((input[place],), wanted)
    return None if parts is None else (*input[:place], *parts, *input[place + 1 :])


def permute(input: Shape, dims: object) -> Shape:
    """The dims in the order named. Raises "rank" where not every dim is named, "dim" where one is named twice.

    https://docs.pytorch.org/docs/stable/generated/torch.permute.html
    """
    order = sequence(dims)
    if input is None or order is None:
        return None if order is None else (None,) * len(order)
    if len(order) != len(input):
        raise ShapeError(
            f"permute names {len(order)} dims, {show_shape(input)} has {len(input)}",
            "rank",
            input=input,
            expected=len(input),
            found=len(order),
        )
    places = distinct_axes(order, input)
    return (None,) * len(input) if places is None else tuple(input[place] for place in places)


def transpose(input: Shape, dim0: object, dim1: object) -> Shape:
    """Two dims swapped. https://docs.pytorch.org/docs/stable/generated/torch.transpose.html"""
    if input is None:
        return None
    first, second = axis(dim0, len(input), input), axis(dim1, len(input), input)
    if first is None or second is None:
        return (None,) * len(input)
    swapped = list(input)
    if swapped:
        swapped[first], swapped[second] = swapped[second], swapped[first]
    return tuple(swapped)


def t(input: Shape) -> Shape:
    """(a, b) → (b, a); vectors and scalars stay. https://docs.pytorch.org/docs/stable/generated/torch.t.html"""
    if input is not None:
        expect_rank(input, (0, 1, 2), "t()")
    return None if input is None else input[::-1]


def conjugate_transpose(input: Shape) -> Shape:
    """`x.H`, of matrices. https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor.H"""
    if input is not None:
        expect_rank(input, (0, 2), "H")
    return None if input is None else input[::-1]


def reverse_dims(input: Shape) -> Shape:
    """`x.T`: all dims in reverse. https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor.T"""
    return None if input is None else input[::-1]


def matrix_transpose(input: Shape) -> Shape:
    """`x.mT`: the last two dims swapped. https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor.mT"""
    if input is None:
        return None
    if len(input) == 1:
        raise ShapeError(
            f"{show_shape(input)} is no matrix to transpose", "rank", input=input, found=len(input)
        )
    return (*input[:-2], *input[:-3:-1])


def movedim(input: Shape, source: object, destination: object) -> Shape:
    """Dims moved to other places, the others keep their order.

    https://docs.pytorch.org/docs/stable/generated/torch.movedim.html
    """
    if input is None:
        return None
    if source is UNKNOWN or destination is UNKNOWN:
        return (None,) * len(input)
    sources, targets = sequence(source), sequence(destination)
    sources = (source,) if sources is None else sources
    targets = (destination,) if targets is None else targets
    if len(sources) != len(targets):
        raise ShapeError("movedim: as many sources as destinations are needed", "argument", input=input)
    start, end = distinct_axes(sources, input), distinct_axes(targets, input)
    if start is None or end is None:
        return (None,) * len(input)
    if not input:
        return ()
    order: list[int | None] = [None] * len(input)
    for from_place, to_place in zip(start, end, strict=True):
        order[to_place] = from_place
    others = iter(place for place in range(len(input)) if place not in start)
    return tuple(input[next(others) if place is None else place] for place in order)


def squeeze(input: Shape, dim: object = None) -> Shape:
    """Without the dims of size 1, or without those of the named dims that are 1.

    Where a size may be 1 or not, the rank is unknown. https://docs.pytorch.org/docs/stable/generated/torch.squeeze.html
    """
    if input is None:
        return None
    places = tuple(range(len(input))) if dim is None else distinct_axes(dim, input)
    if places is None:
        return None
    kept = []
    for place, size in enumerate(input):
        single = same(size, 1) if place in places else False
        if single is None:
            return None
        if not single:
            kept.append(size)
    return tuple(kept)


def unsqueeze(input: Shape, dim: object) -> Shape:
    """A new dim of size 1. https://docs.pytorch.org/docs/stable/generated/torch.unsqueeze.html"""
    if input is None:
        return None
    if not isinstance(dim, int):
        return (None,) * (len(input) + 1)
    if not -len(input) - 1 <= dim <= len(input):
        raise ShapeError(
            f"unsqueeze: {show_shape(input)} takes a new dim from {-len(input) - 1} to {len(input)}, not at {dim}",
            "dim",
            input=input,
            found=dim,
        )
    place = dim % (len(input) + 1)
    return (*input[:place], 1, *input[place:])


def at_least_rank(input: Shape, *, rank: int) -> Shape:
    """`torch.atleast_1d` and so on. https://docs.pytorch.org/docs/stable/generated/torch.atleast_2d.html"""
    if input is None or len(input) >= rank:
        return input
    if rank == 3 and len(input) == 2:
        return (*input, 1)
    if rank == 3 and len(input) == 1:
        return (1, *input, 1)
    return (*(1,) * (rank - len(input)), *input)


def _elements(input: Shape, wanted: Shape, rest: Dim, count: Dim) -> ShapeError:
    return ShapeError(
        f"{show_shape(input)} has {show(count)} elements, which do not make {show_shape(wanted)}",
        "elements",
        input=input,
        expected=rest,
        found=count,
    )


def _with_missing(wanted: tuple[Dim, ...], count: Dim) -> Shape:
    """The wanted sizes; a single unknown one is what is left of the elements."""
    missing = [place for place, size in enumerate(wanted) if size is None]
    if len(missing) != 1 or count is None:
        return wanted
    rest = product(size for size in wanted if size is not None)
    if divides(rest, count) is not True:
        return wanted
    return tuple(quotient(count, rest) if size is None else size for size in wanted)


LAYERS: dict[str, Layer] = {
    "torch.nn.Flatten": layer(flatten_layer, "start_dim, end_dim"),
    "torch.nn.Unflatten": layer(unflatten, "dim, sizes|unflattened_size"),
}

FUNCTIONS: dict[str, Function] = {
    "torch.Tensor.view": function(view, "input: T, *shape|size"),
    "torch.Tensor.view_as": function(view_as, "input: T, other: T"),
    "torch.Tensor.reshape_as": function(view_as, "input: T, other: T"),
    "torch.Tensor.reshape": function(view, "input: T, *shape"),
    "torch.reshape": function(view, "input: T, shape"),
    **both("flatten", flatten, "input: T, start_dim, end_dim"),
    **both("ravel", flatten, "input: T"),
    **both("unflatten", unflatten, "input: T, dim, sizes"),
    "torch.permute": function(permute, "input: T, dims"),
    "torch.Tensor.permute": function(permute, "input: T, *dims"),
    **both("transpose", transpose, "input: T, dim0, dim1"),
    **both("swapaxes", transpose, "input: T, dim0|axis0, dim1|axis1"),
    **both("swapdims", transpose, "input: T, dim0, dim1"),
    **both("t", t, "input: T"),
    "torch.Tensor.T": function(reverse_dims, "input: T"),
    "torch.Tensor.mT": function(matrix_transpose, "input: T"),
    "torch.Tensor.H": function(conjugate_transpose, "input: T"),
    "torch.Tensor.mH": function(matrix_transpose, "input: T"),
    **both("adjoint", matrix_transpose, "input: T"),
    **both("movedim", movedim, "input: T, source, destination"),
    **both("moveaxis", movedim, "input: T, source, destination"),
    **both("squeeze", squeeze, "input: T, dim"),
    **both("unsqueeze", unsqueeze, "input: T, dim"),
    "torch.atleast_1d": function(partial(at_least_rank, rank=1), "input: T"),
    "torch.atleast_2d": function(partial(at_least_rank, rank=2), "input: T"),
    "torch.atleast_3d": function(partial(at_least_rank, rank=3), "input: T"),
    "torch.Tensor.squeeze_": function(squeeze, "input: T, dim"),
    "torch.Tensor.unsqueeze_": function(unsqueeze, "input: T, dim"),
}
