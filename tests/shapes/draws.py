"""Small things to draw: shapes, sizes that are mostly right, arguments that are sometimes left out."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from torchlint.torch_api.shapes.table import TensorShape

RARELY = 0.12


def rarely(r: Random) -> bool:
    """Now and then: what makes a call that torch may refuse."""
    return r.random() < RARELY


def often(r: Random) -> bool:
    """Half of the time."""
    return r.random() < 0.5


def sizes(r: Random, rank: int, least: int = 1, most: int = 5) -> tuple[int, ...]:
    """A shape of this rank."""
    return tuple(r.randint(least, most) for _ in range(rank))


def tensor(*shape: int, kind: Any = None) -> TensorShape:
    """A tensor of this shape."""
    return TensorShape(shape, kind)


def any_tensor(r: Random, least: int = 0, most: int = 4, size: int = 4) -> TensorShape:
    """A tensor of some rank."""
    return TensorShape(sizes(r, r.randint(least, most), 1, size))


def mostly(r: Random, value: int, least: int = 1, most: int = 8) -> int:
    """The right value, and rarely another one."""
    return r.randint(least, most) if rarely(r) else value


def per_axis(r: Random, axes: int, least: int, most: int) -> int | tuple[int, ...]:
    """One number for all axes or a tuple with one for each."""
    return r.randint(least, most) if often(r) else sizes(r, axes, least, most)


def some(r: Random, **arguments: Any) -> dict[str, Any]:
    """Some of the arguments, the others are left to their defaults."""
    return {name: value for name, value in arguments.items() if often(r)}


def dim_of(r: Random, rank: int) -> int:
    """A dim of a tensor of this rank, rarely one that is not there."""
    if rarely(r):
        return r.randint(-rank - 2, rank + 1)
    return r.randint(-rank, rank - 1) if rank else r.choice((0, -1))


def dims_of(r: Random, rank: int) -> int | tuple[int, ...]:
    """One dim or several."""
    if often(r):
        return dim_of(r, rank)
    if rarely(r):
        return tuple(dim_of(r, rank) for _ in range(r.randint(1, 3)))
    return tuple(d - r.choice((0, rank)) for d in r.sample(range(rank), r.randint(0, rank)))


def broadcastable(r: Random, shape: Sequence[int]) -> tuple[int, ...]:
    """A shape that broadcasts with this one, and rarely does not."""
    other = [1 if r.random() < 0.25 else mostly(r, size, 1, 4) for size in shape[r.randint(0, len(shape)) :]]
    return (*sizes(r, r.randint(1, 2), 1, 3), *other) if rarely(r) else tuple(other)
