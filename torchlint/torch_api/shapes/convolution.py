"""Convolutions and their transposes, folding and unfolding: the arithmetic of kernels that slide."""

from __future__ import annotations

from functools import partial

from torchlint.torch_api.dims import (
    Dim,
    Shape,
    at_least,
    ceiling,
    divides,
    minus,
    plus,
    product,
    quotient,
    same,
    show,
    show_shape,
    times,
)
from torchlint.torch_api.shapes.entry import Function, Layer, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import (
    dim,
    expect_rank,
    per_axis,
    sequence,
)


def slid(size: Dim, kernel: Dim, stride: Dim, padding: Dim, dilation: Dim) -> Dim:
    """floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1, how often a kernel fits."""
    return plus(quotient(minus(plus(size, times(2, padding)), extent(kernel, dilation)), stride), 1)


def extent(kernel: Dim, dilation: Dim) -> Dim:
    """What a dilated kernel covers: dilation * (kernel - 1) + 1."""
    return plus(times(dilation, minus(kernel, 1)), 1)


def conv(
    input: Shape,
    *,
    dims: int,
    out_channels: object,
    kernel_size: object,
    in_channels: object = None,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
    padding_mode: object = "zeros",
) -> Shape:
    """(N, C_in, *L) or (C_in, *L) → (N, C_out, *L'), L' = ⌊(L + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1.

    `padding` may be "same" or "valid". Raises "rank", "channels", "vanishes", "divisibility" and, for the reflect and
    circular paddings, "padding". https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    who = f"conv{dims}d"
    _expect_groups(dim(in_channels), dim(out_channels), dim(groups), who)
    strides = per_axis(stride, dims)
    if padding == "same" and any(same(each, 1) is False for each in strides):
        raise ShapeError(f'{who} takes padding="same" with stride 1 only', "argument")
    if input is None:
        return None
    expect_rank(input, (dims + 1, dims + 2), who)
    _expect_channels(input, dims, dim(in_channels), who)
    _expect_groups(input[-dims - 1], dim(out_channels), dim(groups), who)
    sizes = input[-dims:]
    if padding == "same":
        around = (
            minus(extent(*each), 1)
            for each in zip(per_axis(kernel_size, dims), per_axis(dilation, dims), strict=True)
        )
        _expect_padding(input, dims, padding_mode, tuple(ceiling(each, 2) for each in around))
        return (*input[: -dims - 1], dim(out_channels), *sizes)
    paddings = per_axis(0 if padding == "valid" else padding, dims)
    _expect_padding(input, dims, padding_mode, paddings)
    kernels, dilations = per_axis(kernel_size, dims), per_axis(dilation, dims)
    for size, kernel, each_padding, each_dilation in zip(sizes, kernels, paddings, dilations, strict=True):
        padded, covered = plus(size, times(2, each_padding)), extent(kernel, each_dilation)
        if at_least(minus(padded, covered), 0) is False:
            raise _vanishes(input, padded, covered, who)
    results = map(slid, sizes, kernels, strides, paddings, dilations)
    return (*input[: -dims - 1], dim(out_channels), *results)


def conv_transpose(
    input: Shape,
    *,
    dims: int,
    out_channels: object,
    kernel_size: object,
    in_channels: object = None,
    stride: object = 1,
    padding: object = 0,
    output_padding: object = 0,
    groups: object = 1,
    dilation: object = 1,
    output_size: object = None,
) -> Shape:
    """(N, C_in, *L) → (N, C_out, *L'), L' = (L − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1.

    Raises "rank", "channels", "vanishes", "divisibility"; "range" for an `output_size` that the stride cannot give;
    "padding" for an output padding that is not smaller than stride or dilation. A size of 0 is given as such: whether
    torch refuses it depends on the backend.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """
    who = f"conv_transpose{dims}d"
    _expect_groups(dim(in_channels), dim(out_channels), dim(groups), who)
    if input is None:
        return None
    expect_rank(input, (dims + 1, dims + 2), who)
    _expect_channels(input, dims, dim(in_channels), who)
    _expect_groups(input[-dims - 1], dim(out_channels), dim(groups), who)
    strides, dilations = per_axis(stride, dims), per_axis(dilation, dims)
    extents = tuple(map(extent, per_axis(kernel_size, dims), dilations))
    smallest = tuple(
        plus(minus(times(minus(size, 1), step), times(2, pad)), covered)
        for size, step, pad, covered in zip(
            input[-dims:], strides, per_axis(padding, dims), extents, strict=True
        )
    )
    if output_size is not None:
        return (*input[: -dims - 1], dim(out_channels), *_wanted(input, output_size, smallest, strides, who))
    extra = per_axis(output_padding, dims)
    _expect_output_padding(input, extra, strides, dilations)
    results = tuple(map(plus, smallest, extra))
    if any(at_least(size, 0) is False for size in results):
        raise ShapeError(
            f"{who} of {show_shape(input)} leaves nothing: {show_shape(results)}", "vanishes", input=input
        )
    return (*input[: -dims - 1], dim(out_channels), *results)


def conv_of_weight(
    input: Shape,
    weight: Shape = None,
    *,
    dims: int,
    transposed: bool = False,
    bias: Shape = None,
    **arguments: object,
) -> Shape:
    """`F.conv2d` and its kin: the weight's shape says channels and kernel, (out, in/groups, *kernel) or, transposed,
    (in, out/groups, *kernel). https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
    """
    groups = dim(arguments.get("groups", 1))
    if weight is None:
        weight = (None,) * (dims + 2)
    expect_rank(weight, (dims + 2,), f"conv{dims}d's weight")
    first, second, kernel = weight[0], times(weight[1], groups), weight[2:]
    if transposed:
        _expect_bias(bias, second)
        return conv_transpose(
            input, dims=dims, in_channels=first, out_channels=second, kernel_size=kernel, **arguments
        )
    _expect_bias(bias, first)
    return conv(input, dims=dims, in_channels=second, out_channels=first, kernel_size=kernel, **arguments)


def unfold(
    input: Shape,
    kernel_size: object,
    dilation: object = 1,
    padding: object = 0,
    stride: object = 1,
) -> Shape:
    """(N, C, H, W) → (N, C·∏kernel, L), with L the number of places of the kernel.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
    """
    if input is None:
        return None
    expect_rank(input, (3, 4), "unfold")
    kernels = per_axis(kernel_size, 2)
    counts = tuple(
        map(slid, input[-2:], kernels, per_axis(stride, 2), per_axis(padding, 2), per_axis(dilation, 2))
    )
    if any(at_least(count, 1) is False for count in counts):
        raise ShapeError(f"unfold of {show_shape(input)} leaves nothing", "vanishes", input=input)
    return (*input[:-3], times(input[-3], product(kernels)), product(counts))


def fold(
    input: Shape,
    output_size: object,
    kernel_size: object,
    dilation: object = 1,
    padding: object = 0,
    stride: object = 1,
) -> Shape:
    """(N, C·∏kernel, L) → (N, C, *output_size), where L is the number of places of the kernel in the output.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html
    """
    if input is None:
        return None
    expect_rank(input, (2, 3), "fold")
    sizes, kernels = per_axis(output_size, 2), per_axis(kernel_size, 2)
    counts = tuple(
        map(slid, sizes, kernels, per_axis(stride, 2), per_axis(padding, 2), per_axis(dilation, 2))
    )
    if any(at_least(count, 1) is False for count in counts):
        raise ShapeError("fold's kernel is larger than its padded output", "vanishes", input=input)
    block, places = product(kernels), product(counts)
    if divides(block, input[-2]) is False:
        raise ShapeError(
            f"dim {len(input) - 2} of input {show_shape(input)} is no multiple of the kernel's {show(block)}",
            "divisibility",
            input=input,
            dim=len(input) - 2,
            expected=block,
            found=input[-2],
        )
    if same(input[-1], places) is False:
        raise ShapeError(
            f"input {show_shape(input)} has {show(input[-1])} blocks, the output has {show(places)}",
            "mismatch",
            input=input,
            dim=len(input) - 1,
            expected=places,
            found=input[-1],
        )
    return (*input[:-2], quotient(input[-2], block), *sizes)


def _expect_groups(in_channels: Dim, out_channels: Dim, groups: Dim, who: str) -> None:
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if divides(groups, channels) is False:
            raise ShapeError(
                f"{who}: {name} {show(channels)} is no multiple of groups {show(groups)}",
                "divisibility",
                expected=groups,
                found=channels,
            )


def _expect_channels(input: tuple[Dim, ...], dims: int, channels: Dim, who: str) -> None:
    place = len(input) - dims - 1
    if same(input[place], channels) is False:
        raise ShapeError(
            f"input {show_shape(input)} has {show(input[place])} channels, {who} takes {show(channels)}",
            "channels",
            input=input,
            dim=place,
            expected=channels,
            found=input[place],
        )


def _expect_bias(bias: Shape, channels: Dim) -> None:
    if bias is not None and (len(bias) != 1 or same(bias[0], channels) is False):
        raise ShapeError(
            f"bias {show_shape(bias)} is not ({show(channels)},)", "mismatch", input=bias, expected=channels
        )


def _expect_padding(input: tuple[Dim, ...], dims: int, mode: object, paddings: tuple[Dim, ...]) -> None:
    """Reflection takes less than the size, a circle at most the size."""
    if mode not in ("reflect", "circular"):
        return
    for size, padding in zip(input[-dims:], paddings, strict=True):
        room = minus(size, padding)
        if at_least(room, 1 if mode == "reflect" else 0) is False:
            raise ShapeError(
                f"{mode} padding {show(padding)} is too large for the size {show(size)}",
                "padding",
                input=input,
            )


def _expect_output_padding(
    input: tuple[Dim, ...], extra: tuple[Dim, ...], strides: tuple[Dim, ...], dilations: tuple[Dim, ...]
) -> None:
    for more, step, spread in zip(extra, strides, dilations, strict=True):
        if at_least(minus(more, step), 0) and at_least(minus(more, spread), 0):
            raise ShapeError(
                f"output_padding {show(more)} must be smaller than the stride {show(step)} or the dilation {show(spread)}",
                "padding",
                input=input,
            )


def _vanishes(input: tuple[Dim, ...], padded: Dim, covered: Dim, who: str) -> ShapeError:
    return ShapeError(
        f"{who}'s kernel covers {show(covered)}, more than the {show(padded)} that the padded input {show_shape(input)} has",
        "vanishes",
        input=input,
        expected=covered,
        found=padded,
    )


def _wanted(
    input: tuple[Dim, ...],
    output_size: object,
    smallest: tuple[Dim, ...],
    strides: tuple[Dim, ...],
    who: str,
) -> tuple[Dim, ...]:
    """The sizes that `output_size` asks for, each from the smallest up to stride - 1 more."""
    items = sequence(output_size)
    if items is None:
        return (None,) * len(smallest)
    wanted = tuple(map(dim, items))
    if len(wanted) == len(input):
        wanted = wanted[-len(smallest) :]
    if len(wanted) != len(smallest):
        raise ShapeError(
            f"{who}: output_size has {len(wanted)} sizes, {len(smallest)} are needed", "rank", input=input
        )
    for size, least, step in zip(wanted, smallest, strides, strict=True):
        more = minus(size, least)
        if at_least(more, 0) is False or at_least(minus(more, step), 0):
            raise ShapeError(
                f"{who}: output_size {show(size)} is not among {show(least)} … {show(minus(plus(least, step), 1))}",
                "range",
                input=input,
                found=size,
            )
    return wanted


_COMMON = "out_channels, kernel_size, stride, padding, dilation, groups, _bias, padding_mode"
_TRANSPOSED = (
    "out_channels, kernel_size, stride, padding, output_padding, groups, _bias, dilation, _padding_mode"
)
_FUNCTIONAL = "input: T, weight: T, bias: T, stride, padding, dilation, groups"
_FUNCTIONAL_TRANSPOSED = "input: T, weight: T, bias: T, stride, padding, output_padding, groups, dilation"


def _layers(dims: int) -> dict[str, Layer]:
    up = partial(conv_transpose, dims=dims)
    down = partial(conv, dims=dims)
    return {
        f"torch.nn.Conv{dims}d": layer(down, f"in_channels, {_COMMON}"),
        f"torch.nn.LazyConv{dims}d": layer(down, _COMMON),
        f"torch.nn.ConvTranspose{dims}d": layer(up, f"in_channels, {_TRANSPOSED}", "input: T, output_size"),
        f"torch.nn.LazyConvTranspose{dims}d": layer(up, _TRANSPOSED, "input: T, output_size"),
    }


def _functions(dims: int) -> dict[str, Function]:
    down = function(partial(conv_of_weight, dims=dims), _FUNCTIONAL)
    up = function(partial(conv_of_weight, dims=dims, transposed=True), _FUNCTIONAL_TRANSPOSED)
    return {
        f"{place}.{name}": entry
        for place in ("torch", "torch.nn.functional")
        for name, entry in ((f"conv{dims}d", down), (f"conv_transpose{dims}d", up))
    }


LAYERS: dict[str, Layer] = {
    **_layers(1),
    **_layers(2),
    **_layers(3),
    "torch.nn.Fold": layer(fold, "output_size, kernel_size, dilation, padding, stride"),
    "torch.nn.Unfold": layer(unfold, "kernel_size, dilation, padding, stride"),
}

FUNCTIONS: dict[str, Function] = {
    **_functions(1),
    **_functions(2),
    **_functions(3),
    "torch.nn.functional.fold": function(
        fold, "input: T, output_size, kernel_size, dilation, padding, stride"
    ),
    "torch.nn.functional.unfold": function(unfold, "input: T, kernel_size, dilation, padding, stride"),
}
