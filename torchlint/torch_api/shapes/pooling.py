"""Pooling: windows that slide, windows that adapt to a wanted size, and the way back."""

from __future__ import annotations

from functools import partial

from torchlint.torch_api.dims import (
    UNKNOWN,
    Dim,
    Shape,
    at_least,
    minus,
    plus,
    quotient,
    same,
    show,
    show_shape,
    times,
)
from torchlint.torch_api.shapes.convolution import extent
from torchlint.torch_api.shapes.entry import Function, Layer, Plain, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import dim, expect_rank, flag, per_axis, sequence


def pool(
    input: Shape,
    kernel_size: object,
    stride: object = None,
    padding: object = 0,
    dilation: object = 1,
    ceil_mode: object = False,
    return_indices: object = False,
    *,
    dims: int,
) -> object:
    """(N, C, *L) or (C, *L) → (N, C, *L'), L' = ⌊(L + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1.

    With `ceil_mode` the quotient is rounded up, as long as the last window starts inside the input or its left padding.
    `stride` is the kernel's size unless given. Raises "rank", "vanishes", "padding".
    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """
    kernels = per_axis(kernel_size, dims)
    strides = kernels if stride is None or stride == () else per_axis(stride, dims)
    paddings, dilations = per_axis(padding, dims), per_axis(dilation, dims)
    for kernel, pad in zip(kernels, paddings, strict=True):
        if at_least(minus(kernel, times(2, pad)), 0) is False:
            raise ShapeError(
                f"padding {show(pad)} is more than half the kernel {show(kernel)}", "padding", input=input
            )
    result: Shape = None
    if input is not None:
        expect_rank(input, (dims + 1, dims + 2), f"{dims}-D pooling")
        ceil = flag(ceil_mode)
        sizes = tuple(
            _pooled(*arguments, ceil)
            for arguments in zip(input[-dims:], kernels, strides, paddings, dilations, strict=True)
        )
        result = _expect_output(input, sizes)
    return _with_indices(result, return_indices)


def average_pool(
    input: Shape,
    kernel_size: object,
    stride: object = None,
    padding: object = 0,
    ceil_mode: object = False,
    *,
    dims: int,
) -> object:
    """As `pool`; in 3 dims, torch does not take an input that only its padding makes as large as the kernel.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
    """
    result = pool(input, kernel_size, stride, padding, ceil_mode=ceil_mode, dims=dims)
    if input is None or dims < 3:
        return result
    for size, kernel in zip(input[-dims:], per_axis(kernel_size, dims), strict=True):
        if at_least(minus(size, kernel), 0) is False:
            raise ShapeError(
                f"average pooling with kernel {show(kernel)} leaves nothing of {show_shape(input)}",
                "vanishes",
                input=input,
                expected=kernel,
                found=size,
            )
    return result


def adaptive_pool(
    input: Shape,
    output_size: object,
    return_indices: object = False,
    *,
    dims: int,
    average: bool = False,
) -> object:
    """(N, C, *L) → (N, C, *output_size), where None in `output_size` keeps a size.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """
    if input is None:
        return _with_indices(None, return_indices)
    items = sequence(output_size)
    if items is None:
        items = (output_size,) * dims
    elif len(items) == 1 and dims == 1:
        items = items * dims
    if len(items) != dims or (dims == 1 and None in items):
        raise ShapeError(f"output_size takes {dims} sizes", "argument", input=input, expected=dims)
    least = dims if sequence(output_size) is None else dims + 1
    mean = average and dims > 1 and len(input) >= least
    sizes = tuple(
        size if item is None else dim(item)
        for size, item in zip(input[-dims:], items, strict=len(input) >= dims)
    )
    if not mean or any(same(size, 1) is False for size in sizes):
        expect_rank(input, (dims + 1, dims + 2), f"{dims}-D adaptive pooling")
    return _with_indices((*input[:-dims], *sizes), return_indices)


def fractional_pool(
    input: Shape,
    kernel_size: object,
    output_size: object = None,
    output_ratio: object = None,
    return_indices: object = False,
    *,
    dims: int,
) -> object:
    """(N, C, *L) → (N, C, *output_size), or ⌊L·output_ratio⌋.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
    """
    if input is None:
        return _with_indices(None, return_indices)
    expect_rank(input, (dims + 1, dims + 2), f"{dims}-D fractional pooling")
    if output_size is not None:
        sizes = per_axis(output_size, dims)
    else:
        ratios = sequence(output_ratio) or (output_ratio,) * dims
        sizes = tuple(
            int(size * ratio) if isinstance(size, int) and isinstance(ratio, float) else None
            for size, ratio in zip(input[-dims:], ratios, strict=False)
        )
    for size, wanted, kernel in zip(input[-dims:], sizes, per_axis(kernel_size, dims), strict=False):
        # In 3 dims, torch wants one element more than is needed.
        if at_least(minus(plus(wanted, kernel), plus(size, 1)), 1 if dims < 3 else 0):
            raise ShapeError(
                f"kernel {show(kernel)} and output {show(wanted)} do not fit into {show(size)}",
                "vanishes",
                input=input,
            )
    return _with_indices((*input[:-dims], *sizes), return_indices)


def lp_pool(
    input: Shape,
    kernel_size: object,
    stride: object = None,
    ceil_mode: object = False,
    *,
    dims: int,
) -> object:
    """As `pool` without padding. https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html"""
    return average_pool(input, kernel_size, stride, ceil_mode=ceil_mode, dims=dims)


def unpool(
    input: Shape,
    indices: Shape = None,
    kernel_size: object = None,
    stride: object = None,
    padding: object = 0,
    output_size: object = None,
    *,
    dims: int,
) -> Shape:
    """(N, C, *L) → (N, C, *L'), L' = (L − 1)·stride − 2·padding + kernel unless `output_size` says it.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
    """
    if input is None:
        return None
    expect_rank(input, (dims + 1, dims + 2), f"{dims}-D unpooling")
    _expect_indices(input, indices)
    kernels = per_axis(kernel_size, dims)
    strides = kernels if stride is None or stride == () else per_axis(stride, dims)
    default = tuple(
        plus(minus(times(minus(size, 1), step), times(2, pad)), kernel)
        for size, step, pad, kernel in zip(
            input[-dims:], strides, per_axis(padding, dims), kernels, strict=True
        )
    )
    if output_size is None:
        return (*input[:-dims], *default)
    items = sequence(output_size)
    if items is None:
        return (*input[:-dims], *(None,) * dims)
    sizes = tuple(map(dim, items))
    if len(sizes) == dims + 2:
        sizes = sizes[2:]
    if len(sizes) != dims:
        raise ShapeError(f"output_size has {len(sizes)} sizes, {dims} are needed", "rank", input=input)
    for size, usual, step in zip(sizes, default, strides, strict=True):
        more = minus(size, usual)
        if at_least(minus(more, step), 0) or at_least(plus(more, step), 1) is False:
            raise ShapeError(
                f"output_size {show(size)} is {show(step)} or more away from {show(usual)}",
                "range",
                input=input,
            )
    return (*input[:-dims], *sizes)


def _pooled(size: Dim, kernel: Dim, stride: Dim, padding: Dim, dilation: Dim, ceil: bool | None) -> Dim:
    covered = extent(kernel, dilation)
    room = minus(plus(size, times(2, padding)), covered)
    if ceil is False:
        return plus(quotient(room, stride), 1)
    rounded = plus(quotient(minus(plus(room, stride), 1), stride), 1)
    if ceil is None:
        down = plus(quotient(room, stride), 1)
        return down if same(down, rounded) else None
    # The last window must start inside the input or its left padding; a kernel that reaches that far does.
    if at_least(minus(covered, plus(stride, padding)), 0):
        return rounded
    outside = at_least(minus(times(minus(rounded, 1), stride), plus(size, padding)), 0)
    if outside is None:
        return None
    return minus(rounded, 1) if outside else rounded


def _expect_output(input: tuple[Dim, ...], sizes: tuple[Dim, ...]) -> Shape:
    result = (*input[: -len(sizes)], *sizes)
    if any(at_least(size, 1) is False for size in sizes):
        raise ShapeError(
            f"pooling {show_shape(input)} leaves nothing: {show_shape(result)}", "vanishes", input=input
        )
    return result


def _expect_indices(input: tuple[Dim, ...], indices: Shape) -> None:
    if indices is None:
        return
    if len(indices) != len(input) or any(same(a, b) is False for a, b in zip(input, indices, strict=True)):
        raise ShapeError(
            f"indices {show_shape(indices)} are not of the input's shape {show_shape(input)}",
            "mismatch",
            input=input,
        )


def _with_indices(result: Shape, return_indices: object) -> object:
    wanted = flag(return_indices)
    if wanted is None:
        return Plain(UNKNOWN)
    return [result, result] if wanted else result


_MAX = "kernel_size, stride, padding, dilation, return_indices, ceil_mode"
_AVERAGE = "kernel_size, stride, padding, ceil_mode, _count_include_pad"
_FRACTIONAL = "kernel_size, output_size, output_ratio, return_indices, *, __random_samples"


def _layers(dims: int) -> dict[str, Layer]:
    sliding, average = partial(pool, dims=dims), partial(average_pool, dims=dims)
    adaptive = partial(adaptive_pool, dims=dims)
    divisor = "" if dims == 1 else ", _divisor_override"
    return {
        f"torch.nn.MaxPool{dims}d": layer(sliding, _MAX),
        f"torch.nn.AvgPool{dims}d": layer(average, _AVERAGE + divisor),
        f"torch.nn.LPPool{dims}d": layer(
            partial(lp_pool, dims=dims), "_norm_type, kernel_size, stride, ceil_mode"
        ),
        f"torch.nn.AdaptiveAvgPool{dims}d": layer(
            partial(adaptive_pool, dims=dims, average=True), "output_size"
        ),
        f"torch.nn.AdaptiveMaxPool{dims}d": layer(adaptive, "output_size, return_indices"),
        f"torch.nn.MaxUnpool{dims}d": layer(
            partial(unpool, dims=dims), "kernel_size, stride, padding", "input: T, indices: T, output_size"
        ),
    }


def _functions(dims: int) -> dict[str, Function]:
    sliding, average = partial(pool, dims=dims), partial(average_pool, dims=dims)
    adaptive = partial(adaptive_pool, dims=dims)
    divisor = "" if dims == 1 else ", _divisor_override"
    maximum = "input: T, kernel_size, stride, padding, dilation, ceil_mode"
    functional = {
        f"max_pool{dims}d": function(sliding, f"{maximum}, return_indices"),
        f"avg_pool{dims}d": function(average, f"input: T, {_AVERAGE}{divisor}"),
        f"lp_pool{dims}d": function(
            partial(lp_pool, dims=dims), "input: T, _norm_type, kernel_size, stride, ceil_mode"
        ),
        f"adaptive_avg_pool{dims}d": function(
            partial(adaptive_pool, dims=dims, average=True), "input: T, output_size"
        ),
        f"adaptive_max_pool{dims}d": function(adaptive, "input: T, output_size, return_indices"),
        f"max_unpool{dims}d": function(
            partial(unpool, dims=dims), "input: T, indices: T, kernel_size, stride, padding, output_size"
        ),
    }
    entries = {f"torch.nn.functional.{name}": entry for name, entry in functional.items()}
    return entries | {f"torch.max_pool{dims}d": function(sliding, maximum)}


LAYERS: dict[str, Layer] = {
    **_layers(1),
    **_layers(2),
    **_layers(3),
    "torch.nn.FractionalMaxPool2d": layer(partial(fractional_pool, dims=2), _FRACTIONAL),
    "torch.nn.FractionalMaxPool3d": layer(partial(fractional_pool, dims=3), _FRACTIONAL),
}

FUNCTIONS: dict[str, Function] = {
    **_functions(1),
    **_functions(2),
    **_functions(3),
    "torch.avg_pool1d": function(partial(pool, dims=1), f"input: T, {_AVERAGE}"),
    "torch.adaptive_avg_pool1d": function(partial(adaptive_pool, dims=1), "input: T, output_size"),
    "torch.nn.functional.fractional_max_pool2d": function(
        partial(fractional_pool, dims=2), f"input: T, {_FRACTIONAL}"
    ),
    "torch.nn.functional.fractional_max_pool3d": function(
        partial(fractional_pool, dims=3), f"input: T, {_FRACTIONAL}"
    ),
}
