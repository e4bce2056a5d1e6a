"""Calls of what reshapes, combines, takes parts and creates."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from tests.shapes.draws import (
    any_tensor,
    broadcastable,
    dim_of,
    dims_of,
    mostly,
    often,
    rank_of,
    rarely,
    shape_of,
    sizes,
    some,
    tensor,
)
from tests.shapes.proof import Call
from torchlint.torch_api.shapes.table import TensorShape


def view(r: Random) -> Call:
    shape = list(sizes(r, r.randint(0, 4), 1, 4))
    wanted = list(shape)
    r.shuffle(wanted)
    while len(wanted) > 1 and often(r):
        wanted[:2] = [wanted[0] * wanted[1]]
    if wanted and often(r):
        wanted[r.randrange(len(wanted))] = -1
    if wanted and rarely(r):
        wanted[r.randrange(len(wanted))] = r.randint(-1, 6)
    return Call((tensor(*shape), *((tuple(wanted),) if often(r) or not wanted else wanted)))


def reshape(r: Random) -> Call:
    call = view(r)
    size = call.inputs[1] if len(call.inputs) == 2 and isinstance(call.inputs[1], tuple) else call.inputs[1:]
    return Call((call.inputs[0], size))


def view_as(r: Random) -> Call:
    shape = sizes(r, r.randint(0, 3), 1, 3)
    other = [math.prod(shape)] if often(r) else r.sample(shape, len(shape))
    return Call((tensor(*shape), tensor(*(mostly(r, n, 1, 6) for n in other))))


def flatten(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input,), some(r, start_dim=dim_of(r, rank_of(input)), end_dim=dim_of(r, rank_of(input))))


def unflatten(r: Random) -> Call:
    parts = list(sizes(r, r.randint(1, 3), 1, 3))
    shape = list(sizes(r, r.randint(1, 3), 1, 4))
    place = r.randrange(len(shape))
    shape[place] = mostly(r, math.prod(parts), 1, 9)
    if often(r):
        parts[r.randrange(len(parts))] = -1
    return Call((tensor(*shape), dim_of(r, len(shape)) if rarely(r) else place, tuple(parts)))


def permute(r: Random) -> Call:
    input = any_tensor(r)
    rank = rank_of(input)
    order = [place - r.choice((0, rank)) for place in r.sample(range(rank), rank)]
    if order and rarely(r):
        order[0] = dim_of(r, rank)
    return Call((input, tuple(order[1:] if rarely(r) else order)))


def permute_method(r: Random) -> Call:
    call = permute(r)
    return Call((call.inputs[0], *call.inputs[1])) if often(r) and call.inputs[1] else call


def two_dims(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, dim_of(r, rank_of(input)), dim_of(r, rank_of(input))))


def movedim(r: Random) -> Call:
    input = any_tensor(r)
    rank = rank_of(input)
    if often(r):
        return two_dims(r)
    count = r.randint(0, rank)
    to = tuple(r.sample(range(rank), count))
    return Call((input, tuple(r.sample(range(rank), count)), to[1:] if rarely(r) else to))


def squeeze(r: Random) -> Call:
    input = tensor(*(1 if often(r) else n for n in sizes(r, r.randint(0, 4), 1, 3)))
    return Call((input, *([dims_of(r, rank_of(input))] if often(r) else [])))


def unsqueeze(r: Random) -> Call:
    input = any_tensor(r)
    rank = rank_of(input)
    return Call((input, r.randint(-rank - 1, rank) if not rarely(r) else dim_of(r, rank + 3)))


def expand(r: Random) -> Call:
    wanted = sizes(r, r.randint(0, 4), 1, 3)
    own = [1 if r.random() < 0.4 else mostly(r, n, 1, 3) for n in wanted[r.randint(0, len(wanted)) :]]
    asked = tuple(-1 if r.random() < 0.2 else n for n in wanted)
    return Call((tensor(*own), asked[1:] if rarely(r) else asked))


def expand_method(r: Random) -> Call:
    call = expand(r)
    return Call((call.inputs[0], *call.inputs[1])) if often(r) and call.inputs[1] else call


def expand_as(r: Random) -> Call:
    wanted = any_tensor(r)
    return Call((tensor(*broadcastable(r, shape_of(wanted))), wanted))


def many(r: Random) -> Call:
    return Call(tuple(tensor(*broadcastable(r, (2, 3))) for _ in range(r.randint(1, 3))))


def _similar(r: Random, least: int = 0) -> list[TensorShape]:
    """Tensors that differ in one dim, rarely in others."""
    shape = sizes(r, r.randint(least, 3), 1, 3)
    place = r.randrange(len(shape)) if shape else 0
    made = []
    for _ in range(r.randint(1, 3)):
        own = [
            r.randint(1, 3) if at == place else mostly(r, n, 1, 3) if r.random() < 0.3 else n
            for at, n in enumerate(shape)
        ]
        made.append(tensor(*(own[1:] if r.random() < 0.04 else own)))
    return made


def cat(r: Random) -> Call:
    parts = _similar(r)
    if rarely(r):
        parts.insert(r.randint(0, len(parts)), tensor(0))
    return Call((parts,), some(r, dim=dim_of(r, rank_of(parts[0]))))


def stack(r: Random) -> Call:
    shape = sizes(r, r.randint(0, 3), 1, 3)
    parts = [tensor(*(n if r.random() < 0.97 else n + 1 for n in shape)) for _ in range(r.randint(1, 3))]
    return Call((parts,), some(r, dim=dim_of(r, len(shape) + 1)))


def pile(r: Random) -> Call:
    return Call((_similar(r),))


def split(r: Random) -> Call:
    input = any_tensor(r, 0, 3)
    rank = rank_of(input)
    dim = dim_of(r, rank)
    if often(r) or not rank or not -rank <= dim < rank:
        return Call((input, r.randint(1, 4)), {"dim": dim})
    first = r.randint(0, shape_of(input)[dim])
    return Call((input, [first, mostly(r, shape_of(input)[dim] - first, 0, 3)]), {"dim": dim})


def chunk(r: Random) -> Call:
    input = any_tensor(r, 0, 3, 7)
    return Call((input, r.randint(1, 4)), some(r, dim=dim_of(r, rank_of(input))))


def tensor_split(r: Random) -> Call:
    input = any_tensor(r, 0, 3, 6)
    parts: Any = r.randint(1, 4) if often(r) else tuple(r.randint(-3, 7) for _ in range(r.randint(0, 3)))
    return Call((input, parts), some(r, dim=dim_of(r, rank_of(input))))


def named_split(r: Random) -> Call:
    input = any_tensor(r, 0, 4, 6)
    return Call(
        (input, r.randint(1, 3) if often(r) else tuple(r.randint(0, 4) for _ in range(r.randint(0, 2))))
    )


def repeat(r: Random) -> Call:
    input = any_tensor(r, 0, 3, 3)
    counts = sizes(r, rank_of(input) + r.randint(0, 1), 0, 3)
    return Call((input, counts[1:] if rarely(r) else counts))


def tile(r: Random) -> Call:
    return Call((any_tensor(r, 0, 3, 3), sizes(r, r.randint(0, 4), 0, 3)))


def repeat_interleave(r: Random) -> Call:
    input = any_tensor(r, 0, 3, 3)
    return Call((input, r.randint(0, 3)), some(r, dim=dim_of(r, rank_of(input))))


def gather(r: Random) -> Call:
    input = any_tensor(r, 0, 3, 3)
    index = tuple(r.randint(1, n + rarely(r)) for n in shape_of(input))
    return Call(
        (input, dim_of(r, rank_of(input)), tensor(*(index[1:] if rarely(r) else index), kind="integer"))
    )


def scatter(r: Random) -> Call:
    call = gather(r)
    src = tuple(mostly(r, n, 1, 3) for n in shape_of(call.inputs[2]))
    return Call((*call.inputs, tensor(*src)))


def index_select(r: Random) -> Call:
    input = any_tensor(r, 1, 3)
    return Call(
        (input, dim_of(r, rank_of(input)), tensor(*sizes(r, 2 if rarely(r) else 1, 1, 4), kind="integer"))
    )


def take(r: Random) -> Call:
    return Call((any_tensor(r), tensor(*sizes(r, r.randint(0, 3), 1, 3), kind="integer")))


def take_along_dim(r: Random) -> Call:
    input = any_tensor(r, 1, 3, 3)
    index = tuple(1 if r.random() < 0.3 else mostly(r, n, 1, 3) for n in shape_of(input))
    return Call(
        (input, tensor(*(index[1:] if rarely(r) else index), kind="integer"), dim_of(r, rank_of(input)))
    )


def narrow(r: Random) -> Call:
    input = any_tensor(r, 0, 3)
    return Call((input, dim_of(r, rank_of(input)), r.randint(-3, 4), r.randint(0, 3)))


def select(r: Random) -> Call:
    input = any_tensor(r, 0, 3)
    return Call((input, dim_of(r, rank_of(input)), r.randint(-4, 4)))


def windows(r: Random) -> Call:
    input = any_tensor(r, 0, 3, 6)
    return Call((input, dim_of(r, rank_of(input)), r.randint(1, 4), r.randint(1, 3)))


def diagonal(r: Random) -> Call:
    input = any_tensor(r, 1, 4)
    rank = rank_of(input)
    return Call((input,), some(r, offset=r.randint(-5, 5), dim1=dim_of(r, rank), dim2=dim_of(r, rank)))


def diag(r: Random) -> Call:
    return Call((any_tensor(r, 0, 3), *([r.randint(-5, 5)] if often(r) else [])))


def diag_embed(r: Random) -> Call:
    input = any_tensor(r, 0, 3)
    rank = rank_of(input) + 1
    return Call((input,), some(r, offset=r.randint(-2, 2), dim1=dim_of(r, rank), dim2=dim_of(r, rank)))


def sized(r: Random) -> Call:
    size = sizes(r, r.randint(0, 3), 0, 3)
    return Call(size if size and often(r) else (size,))


def full(r: Random) -> Call:
    return Call((sizes(r, r.randint(0, 3), 0, 3), 1.0))


def randint(r: Random) -> Call:
    size = sizes(r, r.randint(0, 3), 0, 3)
    return Call((5, size) if often(r) else (0, 5, size)) if often(r) else Call((5,), {"size": size})


def arange(r: Random) -> Call:
    start, end = r.randint(-3, 3), r.randint(0, 9)
    number = float if often(r) else int
    return Call(r.choice(((end,), (start, end), (start, end, number(r.randint(1, 3))), (end, start, -1))))


def linspace(r: Random) -> Call:
    return Call((0, 1, r.randint(0, 5)))


def count(r: Random) -> Call:
    return Call((r.randint(0, 5),))


def eye(r: Random) -> Call:
    return Call(sizes(r, r.randint(1, 2), 0, 4))


def new_sized(r: Random) -> Call:
    return Call((any_tensor(r), sizes(r, r.randint(0, 3), 0, 3)))


def nested(r: Random) -> Call:
    def data(depth: int) -> Any:
        if not depth:
            return 1.0
        shape = r.randint(1, 3)
        return [data(depth - 1) for _ in range(shape)] if rarely(r) else [data(depth - 1)] * shape

    return Call((data(r.randint(0, 3)),))


def legacy(r: Random) -> Call:
    return Call(sizes(r, r.randint(1, 3), 0, 3)) if often(r) else Call(([1.0] * r.randint(1, 3),))


def size(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, *([dim_of(r, rank_of(input))] if often(r) else [])))


def getitem(r: Random) -> Call:
    """Ints, slices, None, ..., indices and masks, rarely more than there are dims."""
    shape = sizes(r, r.randint(0, 4), 1, 4)
    left = list(shape)
    items: list[Any] = []
    lists = False
    # Beside indices, how much a mask selects decides whether they broadcast.
    kinds = ("int", "slice", "slice", "none", "...", *(("mask",) if often(r) else ("index", "list")))
    while left and r.random() < 0.8:
        size = left[0]
        kind = r.choice(kinds)
        if kind == "none":
            items.append(None)
            continue
        if kind == "...":
            if Ellipsis not in items:
                items.append(...)
                left = left[r.randint(0, len(left)) :]
            continue
        if kind == "mask":
            rank = r.randint(1, min(2, len(left)))
            items.append(
                tensor(*(mostly(r, n, 1, 4) if r.random() < 0.2 else n for n in left[:rank]), kind="bool")
            )
            left = left[rank:]
            continue
        left = left[1:]
        if kind == "int":
            items.append(r.randint(-size, size - 1 + rarely(r)))
        elif kind == "slice":
            start, stop = (None if often(r) else r.randint(-5, 5) for _ in "ab")
            items.append(slice(start, stop, r.choice((None, None, 1, 2, 3, -1 if rarely(r) else 1))))
        elif kind == "index":
            items.append(tensor(*(r.choice((1, 2)) for _ in range(r.randint(0, 2))), kind="integer"))
        elif not lists:
            lists = True
            items.append([0] * r.choice((1, 2)))
    if rarely(r):
        items += [0] * r.randint(1, 3)
    return Call((tensor(*shape), items[0] if len(items) == 1 and often(r) else tuple(items)))


def masked_pair(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, tensor(*broadcastable(r, shape_of(input)), kind="bool")))


def nonzero(r: Random) -> Call:
    return Call((any_tensor(r),), some(r, as_tuple=often(r)))


def meshgrid(r: Random) -> Call:
    grid = [tensor(*sizes(r, 2 if r.random() < 0.05 else r.randint(0, 1))) for _ in range(r.randint(1, 3))]
    keywords = some(r, indexing=r.choice(("ij", "xy")))
    return Call((grid,) if often(r) else tuple(grid), keywords)


def flip(r: Random) -> Call:
    input = any_tensor(r, 1)
    dims = dims_of(r, rank_of(input))
    return Call((input, dims if isinstance(dims, tuple) else (dims,)))


def roll(r: Random) -> Call:
    input = any_tensor(r, 1)
    return Call((input, r.randint(-2, 2), r.randrange(rank_of(input))))


def split_with_sizes(r: Random) -> Call:
    input = any_tensor(r, 1, 3)
    place = r.randrange(rank_of(input))
    first = r.randint(0, shape_of(input)[place])
    return Call((input, (first, mostly(r, shape_of(input)[place] - first, 0, 3)), place))


def new_full(r: Random) -> Call:
    return Call((any_tensor(r), sizes(r, r.randint(0, 3), 0, 3), 1.0))


def normal(r: Random) -> Call:
    shape = shape_of(any_tensor(r))
    other = tensor(*broadcastable(r, shape))
    return r.choice(
        (Call((tensor(*shape), other)), Call((0.0, other)), Call((tensor(*shape),)), Call((0.0, 1.0, shape)))
    )


def scatter_reduce(r: Random) -> Call:
    return Call((*scatter(r).inputs, "sum"))


def new_tensor(r: Random) -> Call:
    return Call((any_tensor(r), *nested(r).inputs))


def index_into(r: Random) -> Call:
    input = any_tensor(r, 1, 3, 3)
    place, count = r.randrange(rank_of(input)), r.randint(1, 3)
    source = list(shape_of(input))
    source[place] = count
    part = tuple(mostly(r, n, 1, 3) for n in source)
    return Call(
        (
            input,
            place,
            tensor(count, kind="integer"),
            tensor(*(part[1:] if len(part) > 1 and r.random() < 0.05 else part)),
        )
    )


def index_fill(r: Random) -> Call:
    input = any_tensor(r, 1, 3)
    index = tensor(*sizes(r, 2 if rarely(r) else r.randint(0, 1), 1, 3), kind="integer")
    return Call((input, dim_of(r, rank_of(input)), index, 1.0))
