"""Small things to draw: shapes, sizes that are mostly right, arguments that are sometimes left out."""

from __future__ import annotations

import math
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


def pattern_of(r: Random, who: str) -> tuple[TensorShape, str, dict[str, int]]:
    """A tensor and an einops pattern for it, with the sizes that it needs."""
    names = r.sample("abcdefg", r.randint(1, 4))
    size = {name: r.randint(1, 3) for name in names}
    left = _grouped(r, names)
    rest = sizes(r, r.randint(0, 2), 1, 3) if r.random() < 0.3 else None
    shape = [math.prod(size[name] for name in group) for group in left]
    if shape and rarely(r):
        shape[r.randrange(len(shape))] = r.randint(1, 7)
    axes = {name: size[name] for group in left for name in group[1:]}
    if rarely(r) and axes:
        axes.pop(min(axes))
    after = r.sample(names, len(names))
    if who == "reduce":
        after = after[: r.randint(0, len(after))]
    if who == "repeat" and often(r):
        after.append("z")
        axes["z"] = r.randint(1, 3)
    if rarely(r):
        after = after[1:] if often(r) else [*after, "q"]
    right = _grouped(r, after)
    sides = [_side_text(left), _side_text(right)]
    place = r.randint(0, len(left))
    full = shape
    if rest is not None:
        full = [*shape[:place], *rest, *shape[place:]]
        sides[0] = " ".join([*_texts(left)[:place], "...", *_texts(left)[place:]])
        sides[1] = f"{sides[1]} ..." if often(r) else f"... {sides[1]}"
    return TensorShape(tuple(full)), " -> ".join(sides), axes


def _grouped(r: Random, names: Sequence[str]) -> list[list[str]]:
    groups: list[list[str]] = []
    for name in names:
        if groups and r.random() < 0.3:
            groups[-1].append(name)
        else:
            groups.append([name])
        if rarely(r):
            groups.append([])
    return groups


def _texts(groups: Sequence[Sequence[str]]) -> list[str]:
    return [group[0] if len(group) == 1 else f"({' '.join(group)})" if group else "1" for group in groups]


def _side_text(groups: Sequence[Sequence[str]]) -> str:
    return " ".join(_texts(groups))


def shape_of(value: TensorShape) -> tuple[int, ...]:
    """A drawn tensor's sizes."""
    assert value.shape is not None
    return tuple(size for size in value.shape if isinstance(size, int))


def rank_of(value: TensorShape) -> int:
    """A drawn tensor's number of dims."""
    return len(shape_of(value))
