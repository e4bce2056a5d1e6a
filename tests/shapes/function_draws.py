"""Calls of functions and of tensors' methods."""

from __future__ import annotations

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
    rank_of,
    rarely,
    shape_of,
    sizes,
    some,
    tensor,
)
from tests.shapes.proof import Call, Case
from torchlint.torch_api.shapes.table import TensorShape


def methods(name: str, draw: Callable[[Random], Call]) -> list[Case]:
    """A function that is a tensor's method too."""
    return [Case(f"torch.{name}", draw), Case(f"torch.Tensor.{name}", draw)]


def one(r: Random) -> Call:
    return Call((any_tensor(r),))


def elementwise(r: Random) -> Call:
    input = any_tensor(r)
    other: Any = tensor(*broadcastable(r, shape_of(input)))
    pair = (input, other) if often(r) else (other, input)
    return Call((pair[0], 2.0) if rarely(r) else pair)


def three(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, *(tensor(*broadcastable(r, shape_of(input))) for _ in "ab")))


def where(r: Random) -> Call:
    call = three(r)
    return Call((tensor(*shape_of(call.inputs[0]), kind="bool"), *call.inputs[1:]))


def masked(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, tensor(*broadcastable(r, shape_of(input)), kind="bool"), 1.0))


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
        return Call((input, tensor(*broadcastable(r, shape_of(input)))))
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
        result = (*shape_of(a)[:-1], *(shape_of(b)[-1:] if ranks[1] > 1 else ()))
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
    return Call((input, tensor(*broadcastable(r, shape_of(input)))))


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
        (input, tensor(*(mostly(r, n, 1, 3) for n in shape_of(input)))),
        some(r, reduction=r.choice(("sum", "none"))),
    )


def elementwise_tensors(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, tensor(*broadcastable(r, shape_of(input)))))


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


def gumbel(r: Random) -> Call:
    input = any_tensor(r, 1)
    return Call((input,), some(r, dim=dim_of(r, rank_of(input))))


def quantile(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input, 0.5), some(r, dim=dim_of(r, rank_of(input)), keepdim=often(r)))


def grid_sample(r: Random) -> Call:
    axes = r.randint(2, 3)
    batch = r.randint(1, 2)
    input = (batch, r.randint(1, 2), *sizes(r, axes, 1, 3))
    grid = (mostly(r, batch, 1, 3), *sizes(r, axes, 1, 3), mostly(r, axes, 1, 4))
    return Call((tensor(*(input[1:] if rarely(r) else input)), tensor(*grid)))


def affine_grid(r: Random) -> Call:
    batch, axes = r.randint(1, 3), r.randint(2, 3)
    return Call((tensor(batch, axes, axes + 1), (batch, 3, *sizes(r, axes, 1, 4))))


def group_norm(r: Random) -> Call:
    groups = r.randint(1, 3)
    shape = (r.randint(1, 3), mostly(r, groups * r.randint(1, 3)), *sizes(r, r.randint(0, 2), 1, 3))
    return Call((tensor(*(shape[1:2] if rarely(r) else shape)), groups))


def embedding_bag(r: Random) -> Call:
    return Call((tensor(*sizes(r, 3 if rarely(r) else 2, 1, 3), kind="integer"), tensor(*sizes(r, 2, 1, 4))))


def where_method(r: Random) -> Call:
    condition, input, other = where(r).inputs
    return Call((input, condition, other))


def shuffle(r: Random) -> Call:
    factor = r.randint(1, 3)
    lead = sizes(r, r.randint(0, 2), 1, 2)
    shape = (mostly(r, factor * factor), *(mostly(r, factor * n) for n in sizes(r, 2, 1, 2)))
    return Call((tensor(*lead, *(shape[1:] if rarely(r) else shape)), factor))


def channel_shuffle(r: Random) -> Call:
    groups = r.randint(1, 3)
    return Call((tensor(2, mostly(r, 2 * groups), *sizes(r, r.randint(0, 3), 1, 3)), groups))


def fractional(axes: int) -> Callable[[Random], Call]:
    def draw(r: Random) -> Call:
        input = (*sizes(r, 0 if rarely(r) else r.randint(1, 2), 1, 2), *sizes(r, axes, 1, 6))
        return Call((tensor(*input), per_axis(r, axes, 1, 3)), {"output_size": per_axis(r, axes, 1, 4)})

    return draw


def dropout1d(r: Random) -> Call:
    return Call((any_tensor(r),))


def linalg_norm(r: Random) -> Call:
    input = any_tensor(r)
    return Call((input,), some(r, dim=dim_of(r, rank_of(input)), keepdim=often(r)))


def multinomial(r: Random) -> Call:
    # How many samples there are to draw is a matter of the values, unless they are put back.
    return Call((any_tensor(r, 0, 3), r.randint(1, 4)), {"replacement": True})


def diff(r: Random) -> Call:
    input = any_tensor(r, 0, 3)
    return Call((input,), some(r, n=r.randint(0, 5), dim=dim_of(r, rank_of(input))))


def bucketize(r: Random) -> Call:
    return Call((any_tensor(r), tensor(*sizes(r, 2 if rarely(r) else 1))))


def searchsorted(r: Random) -> Call:
    rows = sizes(r, r.randint(0, 2), 1, 3)
    values = (*(mostly(r, n, 1, 3) for n in rows), r.randint(1, 3))
    return Call(
        (tensor(*rows, r.randint(1, 4)), tensor(*(values[1:] if len(values) > 1 and rarely(r) else values)))
    )


def square(r: Random) -> Call:
    n = r.randint(1, 3)
    shape = (*sizes(r, r.randint(0, 2), 1, 3), n, mostly(r, n, 1, 3))
    return Call((tensor(*(shape[-1:] if rarely(r) else shape)),))
