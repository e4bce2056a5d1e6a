"""Space made larger or smaller: padding, interpolation, pixel shuffles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torchlint.torch_api.dims import (
    Dim,
    Shape,
    at_least,
    divides,
    minus,
    plus,
    quotient,
    show,
    show_shape,
    times,
)
from torchlint.torch_api.shapes.entry import Function, Layer, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import dim, expect_rank, expect_rank_from, per_axis, sequence

_INTERPOLATING = ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear")
_MODES = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "trilinear": (5,)}


def pad(input: Shape, pad: object, mode: object = "constant") -> Shape:
    """The last dims grow by (left, right, top, bottom, …), or shrink by negative numbers.

    Raises "argument" for a padding of the wrong length, "padding" where a reflection is larger than what it reflects,
    "vanishes". https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """
    amounts = sequence(pad)
    if input is None or amounts is None:
        return None if input is None else (None,) * len(input)
    if len(amounts) % 2 or len(amounts) > 2 * len(input):
        raise ShapeError(
            f"padding {show_shape(tuple(map(dim, amounts)))} does not fit {show_shape(input)}",
            "argument",
            input=input,
        )
    if isinstance(mode, str) and mode != "constant":
        axes = len(amounts) // 2
        if axes not in (1, 2, 3) or len(input) not in (axes + 1, axes + 2):
            raise ShapeError(
                f"{mode} padding of {axes} dims takes {axes + 1}-D or {axes + 2}-D, not {show_shape(input)}",
                "rank",
                input=input,
                expected=axes + 2,
                found=len(input),
            )
    return _padded(input, tuple(map(dim, amounts)), mode)


def pad_layer(input: Shape, padding: object, *, axes: int, mode: str) -> Shape:
    """`nn.ReflectionPad2d` and its kin: a number for all sides or one for each, from the last dim.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
    """
    return pad(input, per_axis(padding, 2 * axes), mode)


def interpolate(
    input: Shape,
    size: object = None,
    scale_factor: object = None,
    mode: object = "nearest",
) -> Shape:
    """(N, C, *L) → (N, C, *size), or ⌊L·scale_factor⌋. Raises "rank" for the wrong mode, "argument".

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """
    if size is None and scale_factor is None:
        raise ShapeError("one of size and scale_factor is needed", "argument", input=input)
    if input is None:
        return None
    expect_rank(input, _MODES.get(mode, (3, 4, 5)) if isinstance(mode, str) else (3, 4, 5), "interpolation")
    axes = len(input) - 2
    factors = sequence(scale_factor)
    for given in (sequence(size), factors):
        if given is not None and len(given) != axes:
            raise ShapeError(
                f"interpolation of {show_shape(input)} takes {axes} sizes or factors, not {len(given)}",
                "argument",
                input=input,
                expected=axes,
                found=len(given),
            )
    if size is not None:
        sizes: Sequence[Dim] = per_axis(size, axes)
    else:
        sizes = tuple(map(scaled, input[2:], factors or (scale_factor,) * axes))
    if mode in _INTERPOLATING and any(at_least(each, 1) is False for each in sizes):
        raise ShapeError(f"interpolation of {show_shape(input)} leaves nothing", "vanishes", input=input)
    return (*input[:2], *sizes)


def scaled(size: Dim, factor: object) -> Dim:
    """⌊size · factor⌋, for a factor that may be a fraction."""
    if isinstance(factor, float):
        if isinstance(size, int):
            return int(size * factor)
        if factor.is_integer():
            return times(size, int(factor))
        inverse = 1 / factor if factor else 0.5
        return quotient(size, int(inverse)) if inverse in (2, 4, 8, 16, 32) else None
    return times(size, dim(factor))


def pixel_shuffle(input: Shape, upscale_factor: object) -> Shape:
    """(*, C·r², H, W) → (*, C, H·r, W·r). Raises "divisibility".

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
    """
    if input is None:
        return None
    expect_rank_from(input, 3, "pixel_shuffle")
    factor = dim(upscale_factor)
    square = times(factor, factor)
    if divides(square, input[-3]) is False:
        raise _not_divisible(input, len(input) - 3, square, "pixel_shuffle")
    return (*input[:-3], quotient(input[-3], square), times(input[-2], factor), times(input[-1], factor))


def pixel_unshuffle(input: Shape, downscale_factor: object) -> Shape:
    """(*, C, H·r, W·r) → (*, C·r², H, W). Raises "divisibility".

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
    """
    if input is None:
        return None
    expect_rank_from(input, 3, "pixel_unshuffle")
    factor = dim(downscale_factor)
    for place in (len(input) - 2, len(input) - 1):
        if divides(factor, input[place]) is False:
            raise _not_divisible(input, place, factor, "pixel_unshuffle")
    down = (quotient(input[-2], factor), quotient(input[-1], factor))
    return (*input[:-3], times(input[-3], times(factor, factor)), *down)


def channel_shuffle(input: Shape, groups: object) -> Shape:
    """(N, C, *) → the same. Raises "divisibility" where the groups do not divide the channels.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
    """
    if input is None:
        return None
    expect_rank_from(input, 3, "channel_shuffle")
    if divides(dim(groups), input[1]) is False:
        raise _not_divisible(input, 1, dim(groups), "channel_shuffle")
    return input


def grid_sample(input: Shape, grid: Shape) -> Shape:
    """(N, C, H, W), (N, H', W', 2) → (N, C, H', W'); with one dim more, (…, 3).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
    """
    if input is None or grid is None:
        return None
    expect_rank(input, (4, 5), "grid_sample")
    expect_rank(grid, (len(input),), "grid_sample's grid")
    for place, wanted in ((0, input[0]), (len(grid) - 1, len(input) - 2)):
        if at_least(minus(grid[place], wanted), 1) or at_least(minus(wanted, grid[place]), 1):
            raise ShapeError(
                f"the grid {show_shape(grid)} does not fit {show_shape(input)}",
                "mismatch",
                input=grid,
                dim=place,
                expected=wanted,
                found=grid[place],
            )
    return (*input[:2], *grid[1:-1])


def affine_grid(theta: Shape, size: object) -> Shape:
    """(N, 2, 3) and a size (N, C, H, W) → (N, H, W, 2).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
    """
    del theta
    wanted = sequence(size)
    if wanted is None:
        return None
    sizes = tuple(map(dim, wanted))
    return (sizes[0], *sizes[2:], len(sizes) - 2) if len(sizes) > 2 else None


def _padded(input: tuple[Dim, ...], amounts: tuple[Dim, ...], mode: object) -> Shape:
    result = list(input)
    for axis, (before, after) in enumerate(zip(amounts[::2], amounts[1::2], strict=True), 1):
        size = input[-axis]
        result[-axis] = plus(size, plus(before, after))
        room = {"reflect": 1, "circular": 0}.get(mode) if isinstance(mode, str) else None
        for amount in (before, after):
            if room is not None and at_least(minus(size, amount), room) is False:
                raise ShapeError(
                    f"{mode} padding {show(amount)} is too large for the size {show(size)}",
                    "padding",
                    input=input,
                    dim=len(input) - axis,
                    found=size,
                )
    padded = result[len(input) - len(amounts) // 2 :]
    # torch lets some of the reflected dims vanish, but not all of them.
    gone = mode in ("reflect", "replicate") and bool(padded) and all(at_least(each, 1) is False for each in padded)
    if gone or any(at_least(each, 0) is False for each in padded):
        raise ShapeError(f"padding {show_shape(input)} leaves nothing", "vanishes", input=input)
    return tuple(result)


def _not_divisible(input: tuple[Dim, ...], place: int, factor: Dim, who: str) -> ShapeError:
    return ShapeError(
        f"{who} needs a multiple of {show(factor)} in dim {place} of {show_shape(input)}, not {show(input[place])}",
        "divisibility",
        input=input,
        dim=place,
        expected=factor,
        found=input[place],
    )


def _pads() -> dict[str, Layer]:
    modes = {
        "Zero": "constant",
        "Constant": "constant",
        "Reflection": "reflect",
        "Replication": "replicate",
        "Circular": "circular",
    }
    return {
        f"torch.nn.{name}Pad{axes}d": layer(
            partial(pad_layer, axes=axes, mode=mode), "padding, _value" if name == "Constant" else "padding"
        )
        for name, mode in modes.items()
        for axes in (1, 2, 3)
    }


LAYERS: dict[str, Layer] = {
    **_pads(),
    "torch.nn.Upsample": layer(
        interpolate, "size, scale_factor, mode, _align_corners, _recompute_scale_factor"
    ),
    "torch.nn.UpsamplingNearest2d": layer(partial(interpolate, mode="nearest"), "size, scale_factor"),
    "torch.nn.UpsamplingBilinear2d": layer(partial(interpolate, mode="bilinear"), "size, scale_factor"),
    "torch.nn.PixelShuffle": layer(pixel_shuffle, "upscale_factor"),
    "torch.nn.PixelUnshuffle": layer(pixel_unshuffle, "downscale_factor"),
    "torch.nn.ChannelShuffle": layer(channel_shuffle, "groups"),
}

FUNCTIONS: dict[str, Function] = {
    "torch.nn.functional.pad": function(pad, "input: T, pad, mode, _value"),
    "torch.nn.functional.interpolate": function(
        interpolate,
        "input: T, size, scale_factor, mode, _align_corners, _recompute_scale_factor, _antialias",
    ),
    "torch.nn.functional.upsample": function(
        interpolate, "input: T, size, scale_factor, mode, _align_corners"
    ),
    "torch.nn.functional.pixel_shuffle": function(pixel_shuffle, "input: T, upscale_factor"),
    "torch.nn.functional.pixel_unshuffle": function(pixel_unshuffle, "input: T, downscale_factor"),
    "torch.nn.functional.channel_shuffle": function(channel_shuffle, "input: T, groups"),
    "torch.pixel_shuffle": function(pixel_shuffle, "input: T, upscale_factor"),
    "torch.pixel_unshuffle": function(pixel_unshuffle, "input: T, downscale_factor"),
    "torch.channel_shuffle": function(channel_shuffle, "input: T, groups"),
    "torch.nn.functional.grid_sample": function(
        grid_sample, "input: T, grid: T, _mode, _padding_mode, _align_corners"
    ),
    "torch.nn.functional.affine_grid": function(affine_grid, "theta: T, size, _align_corners"),
}
