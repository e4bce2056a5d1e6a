"""Calls of the layers of torch.nn."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

from tests.shapes.draws import (
    any_tensor,
    dim_of,
    mostly,
    often,
    pattern_of,
    per_axis,
    rarely,
    sizes,
    some,
    tensor,
)
from tests.shapes.proof import Call, Case, is_empty
from torchlint.torch_api.shapes.table import TensorShape


def _spatial(r: Random, axes: int, channels: int, least: int = 1, most: int = 9) -> TensorShape:
    """(N, C, *L), (C, *L) and rarely a rank too many or few."""
    if rarely(r):
        return tensor(*sizes(r, r.randint(0, axes + 3)))
    lead = sizes(r, r.randint(0, 1), 1, 3)
    return tensor(*lead, mostly(r, channels, 1, 6), *sizes(r, axes, least, most))


def conv(axes: int, *, lazy: bool = False) -> Case:
    def draw(r: Random) -> Call:
        groups = r.choice((1, 1, 1, 2, 3))
        channels = mostly(r, groups * r.randint(1, 2))
        arguments = {
            **({} if lazy else {"in_channels": channels}),
            "out_channels": mostly(r, groups * r.randint(1, 3)),
            "kernel_size": per_axis(r, axes, 1, 4),
            **some(
                r,
                stride=per_axis(r, axes, 1, 3),
                padding=r.choice(("same", "valid")) if rarely(r) else per_axis(r, axes, 0, 3),
                dilation=per_axis(r, axes, 1, 2),
                bias=False,
                padding_mode=r.choice(("zeros", "reflect", "replicate", "circular")),
            ),
            "groups": groups,
        }
        return Call((_spatial(r, axes, channels),), {}, arguments)

    return Case(f"torch.nn.{'Lazy' if lazy else ''}Conv{axes}d", draw)


def conv_transpose(axes: int, *, lazy: bool = False) -> Case:
    def draw(r: Random) -> Call:
        groups = r.choice((1, 1, 1, 2, 3))
        channels = mostly(r, groups * r.randint(1, 2))
        arguments = {
            **({} if lazy else {"in_channels": channels}),
            "out_channels": mostly(r, groups * r.randint(1, 3)),
            "kernel_size": per_axis(r, axes, 1, 4),
            **some(
                r,
                stride=per_axis(r, axes, 1, 3),
                padding=per_axis(r, axes, 0, 2),
                output_padding=per_axis(r, axes, 0, 2),
                dilation=per_axis(r, axes, 1, 2),
            ),
            "groups": groups,
        }
        keywords = {"output_size": sizes(r, axes, 1, 12)} if rarely(r) else {}
        return Call((_spatial(r, axes, channels, 1, 5),), keywords, arguments)

    return Case(f"torch.nn.{'Lazy' if lazy else ''}ConvTranspose{axes}d", draw, undecided=is_empty)


def pool(kind: str, axes: int) -> Case:
    def draw(r: Random) -> Call:
        # LPPool1d multiplies by its kernel's size, which therefore cannot be a tuple.
        single = kind == "LP" and axes == 1
        options = {
            "kernel_size": r.randint(1, 4) if single else per_axis(r, axes, 1, 4),
            **some(r, stride=per_axis(r, axes, 1, 3), ceil_mode=often(r)),
        }
        if kind != "LP":
            options |= some(r, padding=per_axis(r, axes, 0, 1 if not rarely(r) else 3))
        if kind == "Max":
            options |= some(r, dilation=per_axis(r, axes, 1, 2), return_indices=often(r))
        if kind == "LP":
            options["norm_type"] = 2
        return Call((_spatial(r, axes, 2),), {}, options)

    return Case(f"torch.nn.{kind}Pool{axes}d", draw)


def adaptive(kind: str, axes: int) -> Case:
    def draw(r: Random) -> Call:
        size = r.randint(1, 5) if often(r) else tuple(r.choice((None, 1, 3)) for _ in range(axes))
        options = {"output_size": size, **(some(r, return_indices=often(r)) if kind == "Max" else {})}
        return Call((_spatial(r, axes, 2),), {}, options)

    return Case(f"torch.nn.Adaptive{kind}Pool{axes}d", draw)


def batch_norm(axes: int, *, lazy: bool = False) -> Case:
    def draw(r: Random) -> Call:
        channels = r.randint(1, 5)
        rank = r.randint(0, axes + 1) if rarely(r) else axes - (axes == 1 and often(r))
        shape = (r.randint(1, 3), mostly(r, channels), *sizes(r, rank))
        options = some(r, affine=often(r), track_running_stats=often(r))
        return Call((tensor(*shape),), {}, options if lazy else {"num_features": channels, **options})

    # A single value a channel is refused in training: which mode it is, and how large the batch, is no question of shape.
    return Case(f"torch.nn.{'Lazy' if lazy else ''}BatchNorm{axes}d", draw, training=False)


def instance_norm(axes: int, *, lazy: bool = False) -> Case:
    def draw(r: Random) -> Call:
        channels = r.randint(1, 4)
        options = some(r, affine=often(r), track_running_stats=often(r))
        arguments = options if lazy else {"num_features": channels, **options}
        return Call((_spatial(r, axes, channels, 1, 3),), {}, arguments)

    return Case(f"torch.nn.{'Lazy' if lazy else ''}InstanceNorm{axes}d", draw, training=False)


def fractional(axes: int) -> Case:
    def draw(r: Random) -> Call:
        size = (
            {"output_size": per_axis(r, axes, 1, 4)}
            if often(r)
            else {"output_ratio": r.choice((0.3, 0.5, 0.75)) if often(r) else (0.5,) * axes}
        )
        options = {"kernel_size": per_axis(r, axes, 1, 3), **size, **some(r, return_indices=often(r))}
        return Call((_spatial(r, axes, 2, 2, 8),), {}, options)

    return Case(f"torch.nn.FractionalMaxPool{axes}d", draw)


def unpool(axes: int) -> Case:
    def draw(r: Random) -> Call:
        input = _spatial(r, axes, 2, 1, 4)
        assert input.shape is not None
        indices = input.shape if not rarely(r) else sizes(r, len(input.shape), 1, 3)
        options = {"kernel_size": per_axis(r, axes, 2, 3), **some(r, stride=per_axis(r, axes, 1, 3))}
        keywords = {"output_size": sizes(r, axes, 1, 9)} if rarely(r) else {}
        return Call((input, tensor(*indices, kind="integer")), keywords, options)

    return Case(f"torch.nn.MaxUnpool{axes}d", draw)


PADS = ("Zero", "Constant", "Reflection", "Replication", "Circular")


def padding(kind: str, axes: int) -> Case:
    def draw(r: Random) -> Call:
        # A circle that is cut on one side is refused as memory goes.
        least = 0 if kind == "Circular" else -1
        amount = r.randint(0, 3) if often(r) else tuple(r.randint(least, 3) for _ in range(2 * axes))
        options = {"padding": amount, **({"value": 0.0} if kind == "Constant" else {})}
        return Call((_spatial(r, axes, 2, 1, 5),), {}, options)

    return Case(f"torch.nn.{kind}Pad{axes}d", draw, undecided=is_empty)


SIMPLE = [
    "ReLU",
    "ReLU6",
    "ELU",
    "CELU",
    "SELU",
    "GELU",
    "SiLU",
    "Mish",
    "Hardswish",
    "Hardsigmoid",
    "Hardshrink",
    "Hardtanh",
    "LeakyReLU",
    "RReLU",
    "Sigmoid",
    "LogSigmoid",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Dropout",
    "AlphaDropout",
    "FeatureAlphaDropout",
    "Identity",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
]


def simple(name: str) -> Case:
    # In training, FeatureAlphaDropout wants a dim of features.
    return Case(f"torch.nn.{name}", lambda r: Call((any_tensor(r),)), training=False)


def along(name: str) -> Case:
    def draw(r: Random) -> Call:
        input = any_tensor(r)
        return Call((input,), {}, {"dim": dim_of(r, len(input.shape or ()))})

    return Case(f"torch.nn.{name}", draw)


def fold(r: Random) -> Call:
    kernel, output = per_axis(r, 2, 1, 3), per_axis(r, 2, 2, 6)
    options: dict[str, Any] = {
        "output_size": output,
        "kernel_size": kernel,
        **some(r, stride=per_axis(r, 2, 1, 2), padding=per_axis(r, 2, 0, 1), dilation=per_axis(r, 2, 1, 2)),
    }

    def pair(value: Any) -> tuple[int, int]:
        return value if isinstance(value, tuple) else (value, value)

    block, places = 1, 1
    for k, o, s, p, d in zip(
        pair(kernel),
        pair(output),
        pair(options.get("stride", 1)),
        pair(options.get("padding", 0)),
        pair(options.get("dilation", 1)),
        strict=True,
    ):
        block *= k
        places *= max((o + 2 * p - d * (k - 1) - 1) // s + 1, 1)
    lead = sizes(r, r.randint(0, 2) if rarely(r) else r.randint(0, 1), 1, 2)
    return Call((tensor(*lead, mostly(r, 2 * block), mostly(r, places, 1, 20)),), {}, options)


def unfold(r: Random) -> Call:
    options = {
        "kernel_size": per_axis(r, 2, 1, 3),
        **some(r, stride=per_axis(r, 2, 1, 2), padding=per_axis(r, 2, 0, 1), dilation=per_axis(r, 2, 1, 2)),
    }
    return Call((_spatial(r, 2, 2, 1, 6),), {}, options)


def sync_batch_norm(r: Random) -> Call:
    shape = (r.randint(1, 3), 3, *sizes(r, r.randint(0, 3))) if not rarely(r) else sizes(r, r.randint(0, 2))
    return Call((tensor(*shape),), {}, {"num_features": mostly(r, 3, 1, 4), **some(r, affine=often(r))})


def group_norm(r: Random) -> Call:
    groups = r.randint(1, 3)
    channels = mostly(r, groups * r.randint(1, 3))
    rank = r.randint(0, 3)
    shape = (
        (r.randint(1, 3), mostly(r, channels, 1, 6), *sizes(r, rank, 1, 3)) if not rarely(r) else sizes(r, 1)
    )
    options = {"num_groups": groups, "num_channels": channels, **some(r, affine=often(r))}
    # Without weights, the number of channels is not looked at again.
    if options.get("affine") is False and shape[1:2] != (channels,):
        options["affine"] = True
    return Call((tensor(*shape),), {}, options)


def layer_norm(r: Random) -> Call:
    last = sizes(r, r.randint(1, 3), 1, 4)
    shape = (*sizes(r, r.randint(0, 2), 1, 3), *(mostly(r, n, 1, 4) for n in last))
    normalized = last[0] if len(last) == 1 and often(r) else last
    shape = shape[r.randint(0, 2) :] if rarely(r) else shape
    return Call((tensor(*shape),), {}, {"normalized_shape": normalized})


def response_norm(r: Random) -> Call:
    return Call((any_tensor(r, 1, 5),), {}, {"size": r.randint(1, 3)})


def linear(r: Random) -> Call:
    features = r.randint(1, 6)
    shape = (*sizes(r, r.randint(0, 3), 1, 3), mostly(r, features)) if not rarely(r) else ()
    options = {"in_features": features, "out_features": r.randint(1, 5), **some(r, bias=often(r))}
    return Call((tensor(*shape),), {}, options)


def lazy_linear(r: Random) -> Call:
    return Call((any_tensor(r, 1),), {}, {"out_features": r.randint(1, 5)})


def bilinear(r: Random) -> Call:
    first, second = r.randint(1, 4), r.randint(1, 4)
    lead = sizes(r, r.randint(0, 2), 1, 3)
    other = tuple(mostly(r, n, 1, 3) for n in lead) if not rarely(r) else ()
    inputs = tensor(*lead, mostly(r, first, 1, 4)), tensor(*other, mostly(r, second, 1, 4))
    return Call(inputs, {}, {"in1_features": first, "in2_features": second, "out_features": 3})


def threshold(r: Random) -> Call:
    return Call((any_tensor(r),), {}, {"threshold": 0.1, "value": 1.0})


def cross_map(r: Random) -> Call:
    return Call((any_tensor(r, 1, 5),), {}, {"size": r.randint(1, 3)})


def prelu(r: Random) -> Call:
    input = any_tensor(r, 0, 4)
    slopes = r.randint(1, 4) if often(r) else 1
    return Call((input,), {}, {"num_parameters": slopes} if slopes > 1 or often(r) else {})


def softmax2d(r: Random) -> Call:
    return Call((any_tensor(r, 1, 5),))


def flatten(r: Random) -> Call:
    input = any_tensor(r, 0, 4)
    rank = len(input.shape or ())
    return Call((input,), {}, some(r, start_dim=dim_of(r, rank), end_dim=dim_of(r, rank)))


def unflatten(r: Random) -> Call:
    parts = sizes(r, r.randint(1, 3), 1, 3)
    shape = [*sizes(r, r.randint(1, 3), 1, 4)]
    place = r.randrange(len(shape))
    shape[place] = mostly(r, math.prod(parts), 1, 9)
    wanted = list(parts)
    if often(r):
        wanted[r.randrange(len(wanted))] = -1
    dim = place if often(r) else place - len(shape)
    return Call(
        (tensor(*shape),),
        {},
        {"dim": dim_of(r, len(shape)) if rarely(r) else dim, "unflattened_size": tuple(wanted)},
    )


def pixel_shuffle(r: Random) -> Call:
    factor = r.randint(1, 3)
    lead = sizes(r, r.randint(0, 2), 1, 3)
    shape = (*lead, mostly(r, factor * factor * 2, 1, 20), *sizes(r, 2)) if not rarely(r) else sizes(r, 2)
    return Call((tensor(*shape),), {}, {"upscale_factor": factor})


def pixel_unshuffle(r: Random) -> Call:
    factor = r.randint(1, 3)
    size = (mostly(r, factor * r.randint(1, 3)), mostly(r, factor * r.randint(1, 3)))
    shape = (*sizes(r, r.randint(0, 2), 1, 3), 2, *size) if not rarely(r) else size
    return Call((tensor(*shape),), {}, {"downscale_factor": factor})


def channel_shuffle(r: Random) -> Call:
    groups = r.randint(1, 3)
    shape = (r.randint(1, 2), mostly(r, 2 * groups), *sizes(r, r.randint(0, 3), 1, 3))
    return Call((tensor(*shape),), {}, {"groups": groups})


def upsample(r: Random) -> Call:
    axes = r.randint(1, 3)
    shape = (*sizes(r, 2, 1, 2), *sizes(r, axes)) if not rarely(r) else sizes(r, r.randint(1, 3))
    many = mostly(r, axes, 1, 3)
    modes = ("nearest", "nearest-exact", "area", ("linear", "bilinear", "trilinear")[axes - 1])
    options = {"mode": "bicubic" if rarely(r) else r.choice(modes)}
    if often(r):
        options["size"] = r.randint(1, 6) if often(r) else sizes(r, many, 1, 6)
    else:
        factors = (0.5, 1.5, 2, 2.0, 3)
        options["scale_factor"] = (
            r.choice(factors) if often(r) else tuple(r.choice(factors) for _ in range(many))
        )
    return Call((tensor(*shape),), {}, options)


def upsampling2d(r: Random) -> Call:
    options = {"size": per_axis(r, 2, 1, 6)} if often(r) else {"scale_factor": r.choice((2, 0.5, (2, 3)))}
    return Call((tensor(*sizes(r, 2 if not rarely(r) else 1, 1, 2), *sizes(r, 2)),), {}, options)


def einops_layer(who: str) -> Callable[[Random], Call]:
    def draw(r: Random) -> Call:
        tensor_, pattern, axes = pattern_of(r, who)
        options = {"pattern": pattern, **({"reduction": "sum"} if who == "reduce" else {}), **axes}
        return Call((tensor_,), {}, options)

    return draw


LAYER_CASES: list[Case] = [
    *(conv(axes, lazy=lazy) for axes in (1, 2, 3) for lazy in (False, True)),
    *(conv_transpose(axes, lazy=lazy) for axes in (1, 2, 3) for lazy in (False, True)),
    *(pool(kind, axes) for kind in ("Max", "Avg", "LP") for axes in (1, 2, 3)),
    *(adaptive(kind, axes) for kind in ("Max", "Avg") for axes in (1, 2, 3)),
    *(batch_norm(axes, lazy=lazy) for axes in (1, 2, 3) for lazy in (False, True)),
    *(instance_norm(axes, lazy=lazy) for axes in (1, 2, 3) for lazy in (False, True)),
    *(fractional(axes) for axes in (2, 3)),
    *(unpool(axes) for axes in (1, 2, 3)),
    *(padding(kind, axes) for kind in PADS for axes in (1, 2, 3)),
    *(simple(name) for name in SIMPLE),
    *(along(name) for name in ("Softmax", "LogSoftmax", "Softmin", "GLU")),
    Case("torch.nn.Fold", fold),
    Case("torch.nn.Unfold", unfold),
    Case("torch.nn.SyncBatchNorm", sync_batch_norm, training=False),
    Case("torch.nn.GroupNorm", group_norm),
    Case("torch.nn.LayerNorm", layer_norm),
    Case("torch.nn.RMSNorm", layer_norm),
    Case("torch.nn.LocalResponseNorm", response_norm),
    Case("torch.nn.Linear", linear),
    Case("torch.nn.LazyLinear", lazy_linear),
    Case("torch.nn.Bilinear", bilinear),
    Case("torch.nn.Threshold", threshold),
    Case("torch.nn.CrossMapLRN2d", cross_map),
    Case("torch.nn.PReLU", prelu),
    Case("torch.nn.Softmax2d", softmax2d),
    Case("torch.nn.Flatten", flatten),
    Case("torch.nn.Unflatten", unflatten),
    Case("torch.nn.PixelShuffle", pixel_shuffle),
    Case("torch.nn.PixelUnshuffle", pixel_unshuffle),
    Case("torch.nn.ChannelShuffle", channel_shuffle),
    Case("torch.nn.Upsample", upsample),
    Case("torch.nn.UpsamplingNearest2d", upsampling2d),
    Case("torch.nn.UpsamplingBilinear2d", upsampling2d),
    Case("einops.layers.torch.Rearrange", einops_layer("rearrange")),
    Case("einops.layers.torch.Reduce", einops_layer("reduce")),
]
