"""Calls of functions and of tensors' methods."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

from tests.shapes.draws import (
    any_tensor,
    broadcastable,
    dim_of,
    dims_of,
    mostly,
    often,
    pattern_of,
    per_axis,
    rarely,
    sizes,
    some,
    tensor,
)
from tests.shapes.proof import Call, Case
from torchlint.torch_api.shapes.table import TensorShape


def _shape(value: TensorShape) -> tuple[int, ...]:
    assert value.shape is not None
    return tuple(size for size in value.shape if isinstance(size, int))


def rank_of(value: TensorShape) -> int:
    return len(_shape(value))


def methods(name: str, draw: Callable[[Random], Call]) -> list[Case]:
    """A function that is a tensor's method too."""
    return [Case(f"torch.{name}", draw), Case(f"torch.Tensor.{name}", draw)]


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


def one(r: Random) -> Call:
    return Call((any_tensor(r),))


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


def elementwise(r: Random) -> Call:
    input = any_tensor(r)
    other: Any = tensor(*broadcastable(r, _shape(input)))
    pair = (input, other) if often(r) else (other, input)
    return Call((pair[0], 2.0) if rarely(r) else pair)


def three(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, *(tensor(*broadcastable(r, _shape(input))) for _ in "ab")))


def where(r: Random) -> Call:
    call = three(r)
    return Call((tensor(*_shape(call.inputs[0]), kind="bool"), *call.inputs[1:]))


def masked(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, tensor(*broadcastable(r, _shape(input)), kind="bool"), 1.0))


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
    return Call((tensor(*broadcastable(r, _shape(wanted))), wanted))


def many(r: Random) -> Call:
    return Call(tuple(tensor(*broadcastable(r, (2, 3))) for _ in range(r.randint(1, 3))))


def reduce(r: Random) -> Call:
    input = any_tensor(r)
    if r.random() < 0.2:
        return Call((input,))
    return Call((input,), {"dim": dims_of(r, rank_of(input)), **some(r, keepdim=often(r))})


def reduce_one(r: Random) -> Call:
    input = any_tensor(r)
    if r.random() < 0.2:
        return Call((input,))
    return Call((input,), {"dim": dim_of(r, rank_of(input)), **some(r, keepdim=often(r))})


def spread(r: Random) -> Call:
    call = reduce(r)
    return Call(call.inputs, {**call.keywords, "correction": 0})


def keyword_dim(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input,), {"dim": dim_of(r, rank_of(input)), **some(r, keepdim=often(r))})


def norm(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input,), some(r, dim=dims_of(r, rank_of(input)), keepdim=often(r)))


def extreme(r: Random) -> Call:
    if rarely(r):
        input = any_tensor(r)
        return Call((input, tensor(*broadcastable(r, _shape(input)))))
    call = reduce_one(r)
    return Call((*call.inputs, *call.keywords.values())) if often(r) else call


def kthvalue(r: Random) -> Call:
    input = any_tensor(r, 1)
    return Call((input, 1), some(r, dim=dim_of(r, rank_of(input)), keepdim=often(r)))


def along(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, dim_of(r, rank_of(input))))


def topk(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, r.randint(0, 3)), some(r, dim=dim_of(r, rank_of(input))))


def flip(r: Random) -> Call:
    input = any_tensor(r, 1)
    dims = dims_of(r, rank_of(input))
    return Call((input, dims if isinstance(dims, tuple) else (dims,)))


def roll(r: Random) -> Call:
    input = any_tensor(r, 1)
    return Call((input, r.randint(-2, 2), r.randrange(rank_of(input))))


def linear(r: Random) -> Call:
    features = r.randint(1, 4)
    lead = sizes(r, r.randint(0, 3), 1, 3)
    out = sizes(r, 1, 1, 4) if not rarely(r) else ()
    # A bias to a weight that is a vector is taken or refused as the input's rank goes.
    bias = [tensor(*(mostly(r, n, 1, 4) for n in out))] if out and often(r) else []
    return Call((tensor(*lead, mostly(r, features, 1, 4)), tensor(*out, features), *bias))


def bilinear(r: Random) -> Call:
    lead = sizes(r, r.randint(0, 2), 1, 3)
    a, b = r.randint(1, 3), r.randint(1, 3)
    weight = tensor(2, a, b)
    return Call((tensor(*lead, mostly(r, a, 1, 3)), tensor(*lead, mostly(r, b, 1, 3)), weight))


def matmul(r: Random) -> Call:
    k = r.randint(1, 4)
    batch = sizes(r, r.randint(0, 2), 1, 3)
    left = (*batch, r.randint(1, 4), k)
    right = (*broadcastable(r, batch), mostly(r, k, 1, 4), r.randint(1, 4))
    choice = r.random()
    if choice < 0.15:
        left = (k,)
    elif choice < 0.3:
        right = (mostly(r, k, 1, 4),)
    elif choice < 0.35:
        right = ()
    return Call((tensor(*left), tensor(*right)))


def _ranked(r: Random, *ranks: int) -> tuple[TensorShape, ...]:
    """Factors of these ranks that mostly fit, rarely of another rank."""
    b, n, k, m = sizes(r, 4, 1, 4)
    shapes = {
        (2, 2): ((n, k), (k, m)),
        (2, 1): ((n, k), (k,)),
        (1, 1): ((k,), (k,)),
        (3, 3): ((b, n, k), (b, k, m)),
    }[ranks]  # type: ignore[index]
    drawn = [tuple(mostly(r, size, 1, 4) for size in shape) for shape in shapes]
    return tuple(tensor(*(shape[1:] if r.random() < 0.05 else shape)) for shape in drawn)


def product(*ranks: int) -> Callable[[Random], Call]:
    return lambda r: Call(_ranked(r, *ranks))


def added(*ranks: int) -> Callable[[Random], Call]:
    def draw(r: Random) -> Call:
        a, b = _ranked(r, *ranks)
        result = (*_shape(a)[:-1], *(_shape(b)[-1:] if ranks[1] > 1 else ()))
        return Call((tensor(*broadcastable(r, result)), a, b))

    return draw


def vectors(r: Random) -> Call:
    return Call((tensor(*sizes(r, 1 if not rarely(r) else 2)), tensor(*sizes(r, 1))))


def inner(r: Random) -> Call:
    k = r.randint(1, 3)
    a = (*sizes(r, r.randint(0, 2), 1, 3), k) if not rarely(r) else ()
    return Call((tensor(*a), tensor(*sizes(r, r.randint(0, 2), 1, 3), mostly(r, k, 1, 3))))


def cross(r: Random) -> Call:
    shape = (*sizes(r, r.randint(0, 2), 1, 3), mostly(r, 3, 1, 4))
    other = tuple(1 if rarely(r) else n for n in shape[:-1])
    return Call((tensor(*shape), tensor(*other, mostly(r, 3, 1, 4))))


def einsum(r: Random) -> Call:
    letters = {letter: r.randint(1, 3) for letter in "ijkl"}
    dots = r.random() < 0.3
    rest = sizes(r, r.randint(0, 2), 1, 3)
    terms, operands = [], []
    for _ in range(r.randint(1, 3)):
        term = "".join(r.sample("ijkl", r.randint(0, 3)))
        own = tuple(mostly(r, letters[letter], 1, 4) for letter in term)
        here = dots and often(r)
        place = r.randint(0, len(term))
        middle = broadcastable(r, rest) if here else ()
        terms.append(term[:place] + "..." + term[place:] if here else term)
        shape = (*own[:place], *middle, *own[place:])
        operands.append(tensor(*(shape[1:] if r.random() < 0.03 else shape)))
    present = sorted(set("".join(terms)) - {"."})
    equation = ", ".join(terms)
    if often(r):
        right = "".join(r.sample(present, r.randint(0, len(present))))
        right += "z" if r.random() < 0.03 else ""
        equation += " -> " + ("..." if dots and "..." in equation else "") + right
    return Call((equation, operands) if often(r) else (equation, *operands))


def tensordot(r: Random) -> Call:
    shared = sizes(r, r.randint(0, 2), 1, 3)
    a = (*sizes(r, r.randint(0, 2), 1, 3), *shared)
    b = (*(mostly(r, n, 1, 3) for n in shared), *sizes(r, r.randint(0, 2), 1, 3))
    count = mostly(r, len(shared), 0, 3)
    if often(r) or count > min(len(a), len(b)):
        return Call((tensor(*a), tensor(*b)), {"dims": count})
    pair = (tuple(range(len(a) - count, len(a))), tuple(range(count)))
    return Call((tensor(*a), tensor(*b)), {"dims": pair})


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
    first = r.randint(0, _shape(input)[dim])
    return Call((input, [first, mostly(r, _shape(input)[dim] - first, 0, 3)]), {"dim": dim})


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


def conv(axes: int, *, transposed: bool = False) -> Callable[[Random], Call]:
    def draw(r: Random) -> Call:
        groups = r.choice((1, 1, 2))
        own, other = groups * r.randint(1, 2), groups * r.randint(1, 2)
        kernel = sizes(r, axes, 1, 3)
        weight = (own, other // groups, *kernel) if transposed else (other, own // groups, *kernel)
        input = (*sizes(r, r.randint(0, 1), 1, 2), mostly(r, own, 1, 4), *sizes(r, axes, 2, 6))
        bias = [tensor(mostly(r, other, 1, 4))] if often(r) else []
        keywords = some(
            r,
            stride=per_axis(r, axes, 1, 2),
            padding=per_axis(r, axes, 0, 1),
            dilation=per_axis(r, axes, 1, 2),
        )
        return Call(
            (tensor(*(input[1:] if rarely(r) else input)), tensor(*weight), *bias),
            {**keywords, "groups": groups},
        )

    return draw


def pool(axes: int) -> Callable[[Random], Call]:
    def draw(r: Random) -> Call:
        input = (*sizes(r, r.randint(0, 3) if rarely(r) else r.randint(1, 2), 1, 2), *sizes(r, axes, 1, 7))
        keywords = some(
            r, stride=per_axis(r, axes, 1, 3), padding=per_axis(r, axes, 0, 1), ceil_mode=often(r)
        )
        return Call((tensor(*input), per_axis(r, axes, 1, 3)), keywords)

    return draw


def adaptive(axes: int) -> Callable[[Random], Call]:
    def draw(r: Random) -> Call:
        input = (*sizes(r, r.randint(0, 3) if rarely(r) else r.randint(1, 2), 1, 2), *sizes(r, axes, 1, 5))
        return Call((tensor(*input), per_axis(r, axes, 1, 3)))

    return draw


def interpolate(r: Random) -> Call:
    axes = r.randint(1, 3)
    keywords = {"size": per_axis(r, axes, 1, 5)} if often(r) else {"scale_factor": r.choice((2, 1.5, 3.0))}
    mode = r.choice(("nearest", "nearest", "bilinear"))
    return Call((tensor(*sizes(r, 2, 1, 2), *sizes(r, axes)),), {**keywords, "mode": mode})


def pad(r: Random) -> Call:
    input = any_tensor(r, 1, 5, 4)
    rank = rank_of(input)
    mode = r.choice(("constant", "constant", "reflect", "replicate", "circular"))
    count = r.randint(0, 2 * min(rank, 3)) if rarely(r) else 2 * r.randint(0, min(rank, 3))
    # A circle that is cut on one side is refused as memory goes.
    amounts = tuple(r.randint(0 if mode == "circular" else -1, 3) for _ in range(count))
    return Call((input, amounts), {} if mode == "constant" else {"mode": mode})


def image_unfold(r: Random) -> Call:
    shape = (*sizes(r, r.randint(1, 2), 1, 2), *sizes(r, 2, 1, 5))
    keywords = some(
        r, stride=per_axis(r, 2, 1, 2), padding=per_axis(r, 2, 0, 1), dilation=per_axis(r, 2, 1, 2)
    )
    return Call((tensor(*shape), per_axis(r, 2, 1, 3)), keywords)


def gather(r: Random) -> Call:
    input = any_tensor(r, 0, 3, 3)
    index = tuple(r.randint(1, n + rarely(r)) for n in _shape(input))
    return Call(
        (input, dim_of(r, rank_of(input)), tensor(*(index[1:] if rarely(r) else index), kind="integer"))
    )


def scatter(r: Random) -> Call:
    call = gather(r)
    src = tuple(mostly(r, n, 1, 3) for n in _shape(call.inputs[2]))
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
    index = tuple(1 if r.random() < 0.3 else mostly(r, n, 1, 3) for n in _shape(input))
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


def cdist(r: Random) -> Call:
    width = r.randint(1, 3)
    batch = sizes(r, r.randint(0, 2), 1, 3)
    other = broadcastable(r, batch)
    a = (*batch, r.randint(1, 3), width)
    return Call(
        (tensor(*(a[2:] if rarely(r) else a)), tensor(*other, r.randint(1, 3), mostly(r, width, 1, 3)))
    )


def one_hot(r: Random) -> Call:
    return Call((tensor(*sizes(r, r.randint(0, 3), 1, 3), kind="integer"), r.randint(1, 4)))


def meshgrid(r: Random) -> Call:
    grid = [tensor(*sizes(r, 2 if r.random() < 0.05 else r.randint(0, 1))) for _ in range(r.randint(1, 3))]
    keywords = some(r, indexing=r.choice(("ij", "xy")))
    return Call((grid,) if often(r) else tuple(grid), keywords)


def attention(r: Random) -> Call:
    batch = sizes(r, r.randint(0, 2), 1, 2)
    length, source, width = sizes(r, 3, 1, 3)
    other = tuple(1 if rarely(r) else n for n in batch)
    return Call(
        (
            tensor(*batch, length, width),
            tensor(*other, source, mostly(r, width, 1, 3)),
            # Values of another length than the keys are refused by some backends only.
            tensor(*other, source, r.randint(1, 3)),
        )
    )


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


def einops(who: str) -> Callable[[Random], Call]:
    def draw(r: Random) -> Call:
        value, pattern, axes = pattern_of(r, who)
        return Call((value, pattern, "sum") if who == "reduce" else (value, pattern), axes)

    return draw


def make_grid(r: Random) -> Call:
    shape = sizes(r, 2, 1, 4)
    channels = r.choice((1, 3))
    keywords = some(r, nrow=r.randint(1, 4), padding=r.randint(0, 3))
    drawn = r.randint(0, 3)
    if drawn == 3:
        return Call(([tensor(channels, *shape) for _ in range(r.randint(1, 3))],), keywords)
    lead = ((), (channels,), (r.randint(1, 9), r.choice((1, 3, 4))))[drawn]
    return Call((tensor(*lead, *shape),), keywords)


def embedding(r: Random) -> Call:
    return Call(
        (
            tensor(*sizes(r, r.randint(0, 3), 1, 3), kind="integer"),
            tensor(*sizes(r, 2 if not rarely(r) else 1)),
        )
    )


def layer_norm(r: Random) -> Call:
    last = sizes(r, r.randint(1, 2), 1, 3)
    return Call((tensor(*sizes(r, r.randint(0, 2)), *(mostly(r, n, 1, 3) for n in last)), last))


def normalize(r: Random) -> Call:
    input = any_tensor(r, 1)
    return Call((input,), some(r, dim=dim_of(r, rank_of(input))))


def functional_batch_norm(r: Random) -> Call:
    channels = r.randint(1, 3)
    input = tensor(r.randint(1, 3), mostly(r, channels, 1, 3), *sizes(r, r.randint(0, 2)))
    return Call((input, tensor(channels), tensor(channels)))


def pairs(r: Random) -> Call:
    input = any_tensor(r, 1, 3)
    return Call((input, tensor(*broadcastable(r, _shape(input)))))


def classes(r: Random) -> Call:
    rest = sizes(r, r.randint(0, 2), 1, 3)
    batch = r.randint(1, 3)
    target = tuple(mostly(r, n, 1, 3) for n in (batch, *rest))
    return Call(
        (tensor(batch, 4, *rest), tensor(*target, kind="integer")),
        some(r, reduction=r.choice(("mean", "none"))),
    )


def losses(r: Random) -> Call:
    input = any_tensor(r, 0, 3)
    return Call(
        (input, tensor(*(mostly(r, n, 1, 3) for n in _shape(input)))),
        some(r, reduction=r.choice(("sum", "none"))),
    )


def elementwise_tensors(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, tensor(*broadcastable(r, _shape(input)))))


def count_nonzero(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input,), some(r, dim=dims_of(r, rank_of(input))))


def logsumexp(r: Random) -> Call:
    input = any_tensor(r)
    # Torch does not know what to do with no dims.
    return Call((input, dims_of(r, rank_of(input)) or 0), some(r, keepdim=often(r)))


def aminmax(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input,), some(r, dim=dim_of(r, rank_of(input)), keepdim=often(r)))
