"""Products of matrices, and layers that are such: linear, bilinear, matmul, einsum."""

from __future__ import annotations

from torchlint.torch_api.dims import Dim, Shape, same, show, show_shape
from torchlint.torch_api.shapes.broadcasting import broadcast, broadcast_dims, expand
from torchlint.torch_api.shapes.entry import Function, Layer, both, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import (
    axis,
    dim,
    expect_rank,
    expect_rank_from,
    integer,
    more_certain,
    sequence,
)


def linear(input: Shape, in_features: object = None, out_features: object = None) -> Shape:
    """(*, in_features) → (*, out_features). Raises "features", and "rank" for a tensor without dims.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """
    if input is None:
        return None
    if not input:
        raise ShapeError("linear takes a tensor of 1 dim or more", "rank", input=input, expected=1, found=0)
    _expect_features(input, dim(in_features), "linear")
    return (*input[:-1], dim(out_features))


def linear_of_weight(input: Shape, weight: Shape = None, bias: Shape = None) -> Shape:
    """`F.linear`: the weight is (out_features, in_features), or (in_features,) for a single output.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    if weight is None:
        # A weight of one dim takes the last dim away.
        return None
    expect_rank(weight, (1, 2), "linear's weight")
    out = weight[0] if len(weight) == 2 else None
    result = linear(input, weight[-1], out)
    if result is None:
        return None
    if len(weight) == 1:
        result = result[:-1]
    return result if bias is None else expand(bias, result)


def bilinear(
    input1: Shape,
    input2: Shape,
    in1_features: object = None,
    in2_features: object = None,
    out_features: object = None,
) -> Shape:
    """(*, in1_features), (*, in2_features) → (*, out_features); what comes before must be equal.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
    """
    for input, features in ((input1, in1_features), (input2, in2_features)):
        if input is not None:
            if not input:
                raise ShapeError("bilinear takes tensors of 1 dim or more", "rank", input=input)
            _expect_features(input, dim(features), "bilinear")
    if input1 is None or input2 is None:
        known = input1 or input2
        return (*(None,) * (len(known) - 1), dim(out_features)) if known else None
    if len(input1) != len(input2) or any(
        same(a, b) is False for a, b in zip(input1[:-1], input2[:-1], strict=True)
    ):
        raise ShapeError(
            f"{show_shape(input1)} and {show_shape(input2)} differ before their last dims",
            "mismatch",
            input=input2,
        )
    return (*map(more_certain, input1[:-1], input2[:-1]), dim(out_features))


def bilinear_of_weight(input1: Shape, input2: Shape, weight: Shape = None) -> Shape:
    """`F.bilinear`: the weight is (out, in1, in2).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
    """
    if weight is None:
        return bilinear(input1, input2)
    expect_rank(weight, (3,), "bilinear's weight")
    return bilinear(input1, input2, weight[1], weight[2], weight[0])


def matmul(input: Shape, other: Shape) -> Shape:
    """(*, n, k) @ (*, k, m) → (*, n, m); a vector counts as a row on the left and as a column on the right.

    Raises "inner" where k differs, "broadcast" where the batches do not broadcast, "rank" for scalars.
    https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
    """
    for operand in (input, other):
        if operand == ():
            raise ShapeError("a tensor of no dims is no factor of matmul", "rank", input=(), found=0)
    if input is None or other is None:
        return None
    _expect_inner(input, other, input[-1], other[-2] if len(other) > 1 else other[-1])
    batch = broadcast(input[:-2], other[:-2])
    assert batch is not None
    rows = input[-2:-1]
    columns = other[-1:] if len(other) > 1 else ()
    return (*batch, *rows, *columns)


def mm(input: Shape, mat2: Shape) -> Shape:
    """(n, k), (k, m) → (n, m), matrices only. https://docs.pytorch.org/docs/stable/generated/torch.mm.html"""
    return _ranked(input, mat2, 2, 2, "mm")


def mv(input: Shape, vec: Shape) -> Shape:
    """(n, k), (k,) → (n,). https://docs.pytorch.org/docs/stable/generated/torch.mv.html"""
    return _ranked(input, vec, 2, 1, "mv")


def dot(input: Shape, other: Shape) -> Shape:
    """(k,), (k,) → (), vectors only. https://docs.pytorch.org/docs/stable/generated/torch.dot.html"""
    return _ranked(input, other, 1, 1, "dot")


def bmm(input: Shape, mat2: Shape) -> Shape:
    """(b, n, k), (b, k, m) → (b, n, m), without broadcasting.

    https://docs.pytorch.org/docs/stable/generated/torch.bmm.html
    """
    for operand in (input, mat2):
        if operand is not None:
            expect_rank(operand, (3,), "bmm")
    if input is None or mat2 is None:
        known = input or mat2
        rows, columns = (input[1] if input else None), (mat2[2] if mat2 else None)
        return (known[0] if known else None, rows, columns)
    if same(input[0], mat2[0]) is False:
        raise ShapeError(
            f"bmm: the batches of {show_shape(input)} and {show_shape(mat2)} differ",
            "mismatch",
            input=mat2,
            dim=0,
            expected=input[0],
            found=mat2[0],
        )
    _expect_inner(input, mat2, input[2], mat2[1])
    return (more_certain(input[0], mat2[0]), input[1], mat2[2])


def addmm(input: Shape, mat1: Shape, mat2: Shape) -> Shape:
    """input + mat1 @ mat2. https://docs.pytorch.org/docs/stable/generated/torch.addmm.html"""
    return _added(input, mm(mat1, mat2))


def addmv(input: Shape, mat: Shape, vec: Shape) -> Shape:
    """input + mat @ vec. https://docs.pytorch.org/docs/stable/generated/torch.addmv.html"""
    return _added(input, mv(mat, vec))


def baddbmm(input: Shape, batch1: Shape, batch2: Shape) -> Shape:
    """input + batch1 @ batch2. https://docs.pytorch.org/docs/stable/generated/torch.baddbmm.html"""
    return _added(input, bmm(batch1, batch2))


def outer(input: Shape, vec2: Shape) -> Shape:
    """(n,), (m,) → (n, m). https://docs.pytorch.org/docs/stable/generated/torch.outer.html"""
    for operand in (input, vec2):
        if operand is not None:
            expect_rank(operand, (1,), "outer")
    return (input[0] if input else None, vec2[0] if vec2 else None)


def inner(input: Shape, other: Shape) -> Shape:
    """The last dims against one another: (*a, k), (*b, k) → (*a, *b); a scalar multiplies.

    https://docs.pytorch.org/docs/stable/generated/torch.inner.html
    """
    if input == () or other == ():
        return broadcast(input, other)
    if input is None or other is None:
        return None
    _expect_inner(input, other, input[-1], other[-1])
    return (*input[:-1], *other[:-1])


def square(input: Shape) -> Shape:
    """`inverse`: (*, n, n) → the same. Raises "rank", "mismatch".

    https://docs.pytorch.org/docs/stable/generated/torch.linalg.inv.html
    """
    if input is None:
        return None
    expect_rank_from(input, 2, "a square matrix")
    if same(input[-2], input[-1]) is False:
        raise ShapeError(
            f"{show_shape(input)} is not square: {show(input[-2])} is not {show(input[-1])}",
            "mismatch",
            input=input,
            dim=len(input) - 1,
            expected=input[-2],
            found=input[-1],
        )
    return input


def determinant(input: Shape) -> Shape:
    """(*, n, n) → (*). https://docs.pytorch.org/docs/stable/generated/torch.linalg.det.html"""
    matrices = square(input)
    return None if matrices is None else matrices[:-2]


def trace(input: Shape) -> Shape:
    """(n, m) → (). https://docs.pytorch.org/docs/stable/generated/torch.trace.html"""
    if input is not None:
        expect_rank(input, (2,), "trace")
    return ()


def cross(input: Shape, other: Shape, dim: object = -1) -> Shape:
    """The cross product of vectors of 3. https://docs.pytorch.org/docs/stable/generated/torch.linalg.cross.html"""
    if input is None or other is None:
        return broadcast(input, other)
    if len(input) != len(other):
        raise ShapeError(f"{show_shape(input)} and {show_shape(other)} have other ranks", "rank", input=other)
    common = broadcast(input, other)
    place = axis(dim, len(input), input)
    if place is not None:
        for operand in (input, other):
            if not operand or same(operand[place], 3) is False:
                raise ShapeError(
                    f"cross takes 3 elements in dim {place}", "mismatch", input=operand, expected=3
                )
    return common


def einsum(equation: object, operands: object) -> Shape:
    """Each letter is a dim: one that the right side lacks is summed, the same letter is the same size (or 1).

    Raises "rank" and "broadcast". https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
    """
    shapes = sequence(operands)
    if not isinstance(equation, str) or shapes is None:
        return None
    left, arrow, right = equation.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(shapes):
        raise ShapeError(f"einsum: {len(inputs)} terms in {equation!r}, {len(shapes)} operands", "argument")
    sizes: dict[str, Dim] = {}
    ellipsis: Shape = ()
    for term, operand in zip(inputs, shapes, strict=True):
        if isinstance(operand, tuple):
            ellipsis = broadcast(ellipsis, _bind_term(term, operand, sizes))
        else:
            ellipsis = None if "..." in term else ellipsis
            for letter in term.replace("...", ""):
                sizes[letter] = broadcast_dims(sizes[letter], None) if letter in sizes else None
    if not arrow:
        letters = sorted(letter for letter in set(left) if letter.isalpha() and left.count(letter) == 1)
        right = ("..." if "..." in left else "") + "".join(letters)
    return _einsum_output(right, sizes, ellipsis)


def tensordot(a: Shape, b: Shape, dims: object = 2) -> Shape:
    """The last dims of a against the first of b, or the named ones.

    https://docs.pytorch.org/docs/stable/generated/torch.tensordot.html
    """
    if a is None or b is None:
        return None
    count = integer(dims)
    pair = sequence(dims)
    if count is not None:
        if count > min(len(a), len(b)) or count < 0:
            raise ShapeError(
                f"tensordot over {count} dims of {show_shape(a)} and {show_shape(b)}", "rank", input=a
            )
        first = tuple(range(len(a) - count, len(a)))
        second = tuple(range(count))
    elif pair is not None and len(pair) == 2:
        named_a, named_b = sequence(pair[0]), sequence(pair[1])
        if named_a is None or named_b is None:
            return None
        of_a = [axis(each, len(a), a) for each in named_a]
        of_b = [axis(each, len(b), b) for each in named_b]
        first = tuple(each for each in of_a if each is not None)
        second = tuple(each for each in of_b if each is not None)
        if len(first) < len(of_a) or len(second) < len(of_b):
            return None
    else:
        return None
    if len(first) != len(second):
        raise ShapeError("tensordot: as many dims of the one as of the other are needed", "rank", input=a)
    for i, j in zip(first, second, strict=True):
        if a and b:
            _expect_contracted(a, b, a[i], b[j])
    rest_a = tuple(size for place, size in enumerate(a) if place not in first)
    return (*rest_a, *(size for place, size in enumerate(b) if place not in second))


def _expect_features(input: tuple[Dim, ...], features: Dim, who: str) -> None:
    if same(input[-1], features) is False:
        raise ShapeError(
            f"input {show_shape(input)} has {show(input[-1])} features, {who} takes {show(features)}",
            "features",
            input=input,
            dim=len(input) - 1,
            expected=features,
            found=input[-1],
        )


def _expect_inner(a: tuple[Dim, ...], b: tuple[Dim, ...], left: Dim, right: Dim) -> None:
    if same(left, right) is False:
        raise ShapeError(
            f"{show_shape(a)} and {show_shape(b)} cannot be multiplied: {show(left)} is not {show(right)}",
            "inner",
            input=a,
            expected=right,
            found=left,
        )


def _expect_contracted(a: tuple[Dim, ...], b: tuple[Dim, ...], left: Dim, right: Dim) -> None:
    """Contracted dims are equal, or one of them is 1."""
    try:
        broadcast_dims(left, right)
    except ShapeError:
        _expect_inner(a, b, left, right)


def _ranked(a: Shape, b: Shape, rank_a: int, rank_b: int, who: str) -> Shape:
    """A product of operands whose ranks are given."""
    for operand, rank in ((a, rank_a), (b, rank_b)):
        if operand is not None:
            expect_rank(operand, (rank,), who)
    left: tuple[Dim, ...] = (None,) * rank_a if a is None else a
    right: tuple[Dim, ...] = (None,) * rank_b if b is None else b
    return matmul(left, right)


def _added(input: Shape, result: Shape) -> Shape:
    """What is added must expand to the product's shape."""
    return result if input is None or result is None else expand(input, result)


def _bind_term(term: str, shape: tuple[Dim, ...], sizes: dict[str, Dim]) -> tuple[Dim, ...]:
    """Give the letters of a term their sizes; the dims that its ellipsis stands for."""
    before, dots, after = term.partition("...")
    extra = len(shape) - len(before) - len(after)
    if extra < 0 or (extra and not dots):
        raise ShapeError(
            f"einsum: {term!r} names {len(before) + len(after)} dims, {show_shape(shape)} has {len(shape)}",
            "rank",
            input=shape,
        )
    named = (*shape[: len(before)], *shape[len(shape) - len(after) :])
    for letter, size in zip(before + after, named, strict=True):
        sizes[letter] = broadcast_dims(sizes[letter], size) if letter in sizes else size
    return shape[len(before) : len(before) + extra]


def _einsum_output(right: str, sizes: dict[str, Dim], ellipsis: Shape) -> Shape:
    before, dots, after = right.partition("...")
    missing = [letter for letter in before + after if letter not in sizes]
    if missing:
        raise ShapeError(f"einsum: {missing[0]!r} is on the right side only", "argument")
    if dots and ellipsis is None:
        return None
    middle = ellipsis if dots and ellipsis is not None else ()
    return (*(sizes[letter] for letter in before), *middle, *(sizes[letter] for letter in after))


LAYERS: dict[str, Layer] = {
    "torch.nn.Linear": layer(linear, "in_features, out_features, _bias"),
    "torch.nn.LazyLinear": layer(linear, "out_features, _bias"),
    "torch.nn.Bilinear": layer(
        bilinear, "in1_features, in2_features, out_features, _bias", "input1: T, input2: T"
    ),
}

FUNCTIONS: dict[str, Function] = {
    "torch.nn.functional.linear": function(linear_of_weight, "input: T, weight: T, bias: T"),
    "torch.nn.functional.bilinear": function(bilinear_of_weight, "input1: T, input2: T, weight: T, _bias"),
    **both("matmul", matmul, "input: T, other|tensor2: T"),
    "torch.linalg.matmul": function(matmul, "input: T, other: T"),
    **both("mm", mm, "input: T, mat2: T"),
    **both("bmm", bmm, "input: T, mat2: T"),
    **both("mv", mv, "input: T, vec: T"),
    **both("dot", dot, "input: T, other|tensor: T"),
    **both("inner", inner, "input: T, other: T"),
    **both("addmm", addmm, "input: T, mat1: T, mat2: T, *, _beta, _alpha"),
    **both("addmv", addmv, "input: T, mat: T, vec: T, *, _beta, _alpha"),
    **both("baddbmm", baddbmm, "input: T, batch1: T, batch2: T, *, _beta, _alpha"),
    **both("outer", outer, "input: T, vec2: T"),
    **both("ger", outer, "input: T, vec2: T"),
    "torch.linalg.cross": function(cross, "input: T, other: T, *, dim"),
    **both("inverse", square, "input: T"),
    "torch.linalg.inv": function(square, "input|A: T"),
    **both("det", determinant, "input: T"),
    "torch.linalg.det": function(determinant, "input|A: T"),
    **both("trace", trace, "input: T"),
    "torch.einsum": function(einsum, "equation, *operands: Ts"),
    "torch.tensordot": function(tensordot, "a: T, b: T, dims"),
}
