"""Arguments as they come from a program, read as dims, flags and axes; what cannot be read is unknown."""

from __future__ import annotations

from collections.abc import Sequence

from torchlint.torch_api.dims import Dim, Expression, Shape, Unknown, same, show, show_shape
from torchlint.torch_api.shapes.error import ShapeError


def dim(value: object) -> Dim:
    """A size or count; unknown where the value is not an integer."""
    return value if isinstance(value, int | Expression) else None


def integer(value: object) -> int | None:
    """A plain integer, or None."""
    return value if isinstance(value, int) else None


def flag(value: object) -> bool | None:
    """A truth value, or None where it is unknown."""
    if isinstance(value, Unknown | Expression):
        return None
    return bool(value)


def sequence(value: object) -> tuple[object, ...] | None:
    """The items of a tuple or list, or None where the value is not known to be one."""
    return tuple(value) if isinstance(value, tuple | list) else None


def dims(value: object) -> Shape:
    """A tuple of sizes; a single size stands for a tuple of one; unknown where it is neither."""
    if isinstance(value, int | Expression):
        return (value,)
    items = sequence(value)
    return None if items is None else tuple(dim(item) for item in items)


def per_axis(value: object, axes: int) -> tuple[Dim, ...]:
    """A size for each of some axes, from one size for all of them or a tuple with one for each."""
    items = sequence(value)
    if items is None:
        return (dim(value),) * axes
    if len(items) == 1:
        return (dim(items[0]),) * axes
    return tuple(map(dim, items)) if len(items) == axes else (None,) * axes


def axis(value: object, rank: int, input: Shape = None) -> int | None:
    """The dim, counted from 0, that `value` names in a tensor of this rank; None where that is unknown.

    Raises `ShapeError` ("dim") if there is none. A tensor of rank 0 takes the dims 0 and -1, as in torch.
    """
    index = integer(value)
    if index is None:
        return None
    most = max(rank, 1)
    if not -most <= index < most:
        raise ShapeError(
            f"{show_shape(input)} has {rank} dims, there is no dim {index}", "dim", input=input, found=index
        )
    return index % most


def distinct_axes(value: object, input: tuple[Dim, ...]) -> tuple[int, ...] | None:
    """The dims that an int or a tuple names, each at most once; None where that is unknown."""
    items = sequence(value)
    found = [axis(item, len(input), input) for item in ((value,) if items is None else items)]
    known = [index for index in found if index is not None]
    if len(set(known)) < len(known):
        raise ShapeError(f"dim {_repeated(known)} is named twice", "dim", input=input)
    return tuple(known) if len(known) == len(found) else None


def expect_rank(shape: tuple[Dim, ...], ranks: Sequence[int], who: str) -> None:
    """Raise unless the shape has one of these ranks."""
    if len(shape) not in ranks:
        wanted = " or ".join(f"{rank}-D" for rank in ranks)
        raise ShapeError(
            f"input {show_shape(shape)} is {len(shape)}-D, {who} takes {wanted}",
            "rank",
            input=shape,
            expected=ranks[-1],
            found=len(shape),
        )


def expect_rank_from(shape: tuple[Dim, ...], least: int, who: str) -> None:
    """Raise if the shape has fewer dims than `least`."""
    if len(shape) < least:
        raise ShapeError(
            f"input {show_shape(shape)} is {len(shape)}-D, {who} takes {least}-D or more",
            "rank",
            input=shape,
            expected=least,
            found=len(shape),
        )


def expect_same(a: Dim, b: Dim, what: str, input: Shape = None, index: int | None = None) -> Dim:
    """The dim that `a` and `b` both are; raises ("mismatch") if they surely differ."""
    if same(a, b) is False:
        raise ShapeError(
            f"{what}: {show(a)} is not {show(b)}", "mismatch", input=input, dim=index, expected=b, found=a
        )
    return more_certain(a, b)


def more_certain(a: Dim, b: Dim) -> Dim:
    """Of two dims that are equal, the one of which more is known."""
    if isinstance(a, int) or b is None:
        return a
    return b


def _repeated(values: list[int]) -> int:
    return next(value for position, value in enumerate(values) if value in values[:position])
