"""einops: patterns that name the dims of what goes in and of what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

from torchlint.torch_api.dims import Dim, Shape, divides, product, quotient, same, show, show_shape
from torchlint.torch_api.shapes.combining import stack
from torchlint.torch_api.shapes.entry import Function, Layer, TensorShape, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import dim

# A side is a row of groups, a group the axes that make one dim. "..." in parentheses is an axis like others;
# where it stands bare it is several dims, and a group of its own.
Group: TypeAlias = tuple[str, ...]
Side: TypeAlias = tuple[Group, ...]

_BARE = "bare ..."
_REST: Group = (_BARE,)


def rearrange(tensor: object, pattern: object, axes: Mapping[str, object] | None = None) -> Shape:
    """ "b c h w -> b (h w) c": the same axes in another order, split and joined.

    Raises "rank", "divisibility", "mismatch" where the tensor does not fit, "argument" where the pattern is none.
    https://einops.rocks/api/rearrange/
    """
    return _mapped(tensor, pattern, axes or {}, "rearrange")


def reduce(tensor: object, pattern: object, axes: Mapping[str, object] | None = None) -> Shape:
    """ "b c h w -> b c": axes that are missing on the right are reduced. https://einops.rocks/api/reduce/"""
    return _mapped(tensor, pattern, axes or {}, "reduce")


def repeat(tensor: object, pattern: object, axes: Mapping[str, object] | None = None) -> Shape:
    """ "h w -> h w c": axes that are missing on the left are made, of the sizes given.

    https://einops.rocks/api/repeat/
    """
    return _mapped(tensor, pattern, axes or {}, "repeat")


def _mapped(tensor: object, pattern: object, axes: Mapping[str, object], who: str) -> Shape:
    if not isinstance(pattern, str):
        return None
    left, right = _parsed(pattern)
    _expect_axes(left, right, axes, who, pattern)
    sizes: dict[str, Dim] = {name: dim(size) for name, size in axes.items()}
    input = _stacked(tensor)
    rest: Shape = None
    if input is not None:
        rest = _bind(input, left, sizes, pattern)
    return _built(right, sizes, rest)


def _stacked(tensor: object) -> Shape:
    """A list of tensors is one, with a new first dim."""
    if isinstance(tensor, TensorShape):
        return tensor.shape
    if isinstance(tensor, list | tuple) and all(isinstance(each, TensorShape) for each in tensor):
        return stack(tuple(each.shape for each in tensor if isinstance(each, TensorShape)))
    return None


@lru_cache(maxsize=256)
def _parsed(pattern: str) -> tuple[Side, Side]:
    if pattern.count("->") != 1:
        raise ShapeError(f"{pattern!r} must have one ->", "argument")
    left, right = pattern.split("->")
    return _side(left, pattern), _side(right, pattern)


def _side(text: str, pattern: str) -> Side:
    groups: list[Group] = []
    inside: list[str] | None = None
    for token in text.replace("(", " ( ").replace(")", " ) ").replace("...", " ... ").split():
        if token in "()":
            if (token == "(") != (inside is None):
                raise ShapeError(f"{pattern!r}: parentheses do not nest", "argument")
            if inside is None:
                inside = []
            else:
                groups.append(tuple(inside))
                inside = None
        elif not (token == "..." or token.isdigit() or token.isidentifier()):
            raise ShapeError(f"{pattern!r}: {token!r} is no axis", "argument")
        elif inside is not None:
            inside += [token] if token != "1" else []
        else:
            groups.append(_REST if token == "..." else (token,) if token != "1" else ())
    if inside is not None:
        raise ShapeError(f"{pattern!r}: a parenthesis is open", "argument")
    names = [_plain(axis) for group in groups for axis in group if not axis.isdigit()]
    if len(set(names)) < len(names):
        raise ShapeError(f"{pattern!r}: an axis is named twice", "argument")
    return tuple(groups)


def _names(side: Side) -> set[str]:
    return {_plain(axis) for group in side for axis in group}


def _plain(axis: str) -> str:
    return "..." if axis == _BARE else axis


def _expect_axes(left: Side, right: Side, axes: Mapping[str, object], who: str, pattern: str) -> None:
    """Which axes a pattern may have on one side only, by what it does."""
    before, after = _names(left), _names(right)
    numbers = {axis for axis in before | after if axis.isdigit()}
    wrong: set[str] = set()
    if "..." in after - before or any("..." in group for group in left):
        wrong |= {"..."}
    if who == "rearrange":
        wrong |= (before ^ after) | numbers
    elif who == "reduce":
        wrong |= after - before
    else:
        wrong |= (before - after) | {axis for axis in numbers if axis in before}
        wrong |= {axis for axis in after - before - numbers if axis not in axes}
    wrong |= set(axes) - before - after
    if wrong:
        raise ShapeError(f"{who}({pattern!r}): axis {min(wrong)!r} does not fit", "argument")


def _bind(input: tuple[Dim, ...], left: Side, sizes: dict[str, Dim], pattern: str) -> Shape:
    """Give the axes of the left side their sizes; the dims that its `...` stands for."""
    rest: tuple[Dim, ...] = ()
    extra = len(input) - len(left) + (_REST in left)
    if extra < 0 or (extra and _REST not in left and len(input) != len(left)):
        raise ShapeError(
            f"{pattern!r} takes {len(left)} dims, {show_shape(input)} has {len(input)}",
            "rank",
            input=input,
            expected=len(left),
            found=len(input),
        )
    place = 0
    for group in left:
        if group == _REST:
            rest = input[place : place + extra]
            place += extra
        else:
            _bind_group(input, place, group, sizes, pattern)
            place += 1
    return rest


def _bind_group(
    input: tuple[Dim, ...], place: int, group: Group, sizes: dict[str, Dim], pattern: str
) -> None:
    for axis in group:
        if axis.isdigit():
            sizes[axis] = int(axis)
    size = input[place]
    free = [axis for axis in group if axis not in sizes]
    known = product(sizes[axis] for axis in group if axis in sizes)
    if len(free) > 1:
        raise ShapeError(
            f"{pattern!r}: the sizes of {free} are not given", "argument", input=input, dim=place
        )
    if not free:
        if same(known, size) is False:
            raise _wrong(input, place, known, pattern, "mismatch")
        return
    if divides(known, size) is False:
        raise _wrong(input, place, known, pattern, "divisibility")
    sizes[free[0]] = quotient(size, known)


def _wrong(input: tuple[Dim, ...], place: int, known: Dim, pattern: str, kind: str) -> ShapeError:
    relation = "a multiple of " if kind == "divisibility" else ""
    return ShapeError(
        f"{pattern!r}: dim {place} of {show_shape(input)} is {show(input[place])}, not {relation}{show(known)}",
        "divisibility" if kind == "divisibility" else "mismatch",
        input=input,
        dim=place,
        expected=known,
        found=input[place],
    )


def _built(right: Side, sizes: Mapping[str, Dim], rest: Shape) -> Shape:
    result: list[Dim] = []
    for group in right:
        if group == _REST:
            if rest is None:
                return None
            result += rest
            continue
        factors: list[Dim] = []
        for axis in group:
            if axis == "...":
                factors += [None] if rest is None else rest
            else:
                factors.append(int(axis) if axis.isdigit() else sizes.get(axis))
        result.append(product(factors))
    return tuple(result)


LAYERS: dict[str, Layer] = {
    "einops.layers.torch.Rearrange": layer(rearrange, "pattern, **axes", "tensor: R"),
    "einops.layers.torch.Reduce": layer(reduce, "pattern, _reduction, **axes", "tensor: R"),
}

FUNCTIONS: dict[str, Function] = {
    "einops.rearrange": function(rearrange, "tensor: R, pattern, **axes"),
    "einops.reduce": function(reduce, "tensor: R, pattern, _reduction, **axes"),
    "einops.repeat": function(repeat, "tensor: R, pattern, **axes"),
}
