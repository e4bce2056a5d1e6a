"""Calls of the layers of torch.nn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import torch

from tests.shapes.draws import (
    any_tensor,
    broadcastable,
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


def recurrent(kind: str) -> Case:
    def draw(r: Random) -> Call:
        size, hidden, layers = r.randint(1, 4), r.randint(1, 4), r.randint(1, 2)
        options = {
            "input_size": size,
            "hidden_size": hidden,
            **({"num_layers": layers} if layers > 1 else {}),
            **some(r, batch_first=often(r), bidirectional=often(r), bias=often(r)),
            **({"proj_size": r.randint(0, 4)} if (kind == "LSTM" and often(r)) or rarely(r) else {}),
        }
        batch = r.randint(1, 3)
        lead = (r.randint(1, 3), batch) if not options.get("batch_first") else (batch, r.randint(1, 3))
        lead = lead if r.random() < 0.7 else sizes(r, r.randint(0, 3) if rarely(r) else 1, 1, 3)
        states = layers * (2 if options.get("bidirectional") else 1)
        out = options.get("proj_size") or hidden
        given: tuple[Any, ...] = ()
        if r.random() < 0.4:
            middle = (mostly(r, batch, 1, 3),) if len(lead) == 2 else ()
            state = tensor(mostly(r, states, 1, 4), *middle, mostly(r, out, 1, 4))
            memory = tensor(states, *middle, mostly(r, hidden, 1, 4))
            given = ((state, memory),) if kind == "LSTM" else (state,)
        return Call((tensor(*lead, mostly(r, size, 1, 4)), *given), {}, options)

    return Case(f"torch.nn.{kind}", draw)


def cell(kind: str) -> Case:
    def draw(r: Random) -> Call:
        size, hidden = r.randint(1, 4), r.randint(1, 4)
        lead = sizes(r, r.randint(0, 2) if rarely(r) else r.randint(0, 1), 1, 3)
        given: tuple[Any, ...] = ()
        if often(r):
            state = tensor(*(mostly(r, n, 1, 3) for n in lead), mostly(r, hidden, 1, 4))
            memory = tensor(*lead, mostly(r, hidden, 1, 4))
            given = ((state, memory),) if kind == "LSTM" else (state,)
        options = {"input_size": size, "hidden_size": hidden, **some(r, bias=often(r))}
        return Call((tensor(*lead, mostly(r, size, 1, 4)), *given), {}, options)

    return Case(f"torch.nn.{kind}Cell", draw)


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


def embedding(r: Random) -> Call:
    shape = sizes(r, r.randint(0, 3), 1, 3)
    return Call(
        (tensor(*shape, kind="integer"),), {}, {"num_embeddings": 4, "embedding_dim": r.randint(1, 5)}
    )


def embedding_bag(r: Random) -> Call:
    options = {"num_embeddings": 4, "embedding_dim": r.randint(1, 5), **some(r, include_last_offset=often(r))}
    if often(r):
        return Call((tensor(*sizes(r, 2, 1, 3), kind="integer"),), {}, options)
    # Offsets are read: without a last one, they must not go beyond the input; all of them are 0 here.
    bags = r.randint(2, 3)
    return Call((tensor(4, kind="integer"), tensor(bags, kind="integer")), {}, options)


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


def cosine_similarity(r: Random) -> Call:
    input = any_tensor(r, 1, 4)
    other = tensor(*broadcastable(r, input.shape or ()))
    return Call((input, other), {}, {"dim": dim_of(r, len(input.shape or ()))} if r.random() < 0.8 else {})


def pairwise_distance(r: Random) -> Call:
    input = any_tensor(r, 1, 3)
    return Call((input, tensor(*broadcastable(r, input.shape or ()))), {}, some(r, keepdim=often(r)))


def _sequences(r: Random, first: bool, width: int, *lengths: int) -> list[TensorShape]:
    """Sequences of one batch, rarely of several, batched or not."""
    batch = r.randint(1, 3)
    batched = r.random() < 0.7
    made = []
    for length in lengths:
        n = (mostly(r, batch, 1, 3),) if batched != (r.random() < 0.03) else ()
        made.append(
            tensor(
                *((*n, length) if first else (length, *n)), mostly(r, width) if r.random() < 0.4 else width
            )
        )
    return made


def multihead(r: Random) -> Call:
    heads = r.randint(1, 3)
    width = mostly(r, heads * r.randint(1, 3))
    options = {
        "embed_dim": width,
        "num_heads": heads,
        **some(r, batch_first=often(r), add_bias_kv=often(r), add_zero_attn=often(r)),
    }
    if rarely(r):
        options |= {"kdim": width + 1, "vdim": width}
    source = r.randint(1, 4)
    query, key, value = _sequences(
        r, bool(options.get("batch_first")), width, r.randint(1, 4), source, mostly(r, source, 1, 4)
    )
    if "kdim" in options and key.shape:
        key = tensor(*key.shape[:-1], width + 1)
    return Call((query, key, value), some(r, need_weights=often(r), average_attn_weights=often(r)), options)


def _widths(r: Random) -> dict[str, Any]:
    heads = r.randint(1, 2)
    width = mostly(r, heads * r.randint(1, 2), 1, 6)
    return {
        "d_model": width,
        "nhead": heads,
        "dim_feedforward": 3,
        **some(r, batch_first=often(r), norm_first=often(r)),
    }


def encoder_layer(r: Random) -> Call:
    options = _widths(r)
    return Call((_sequences(r, False, options["d_model"], r.randint(1, 3))[0],), {}, options)


def decoder_layer(r: Random) -> Call:
    options = _widths(r)
    first = bool(options.get("batch_first"))
    return Call(
        tuple(_sequences(r, first, options["d_model"], r.randint(1, 3), r.randint(1, 3))), {}, options
    )


def transformer(r: Random) -> Call:
    call = decoder_layer(r)
    stacks = {"num_encoder_layers": 1, "num_decoder_layers": 1}
    return Call(call.inputs, {}, {**call.arguments, **stacks})


# A stack knows its width only through the layer that it is made of, which the engine does not see.
def encoder(r: Random) -> Call:
    return Call((tensor(*sizes(r, r.randint(1, 2), 1, 3), 4),), {}, {"num_layers": r.randint(1, 2)})


def decoder(r: Random) -> Call:
    batch = sizes(r, r.randint(0, 1), 1, 3)
    inputs = tensor(r.randint(1, 3), *batch, 4), tensor(r.randint(1, 3), *batch, 4)
    return Call(inputs, {}, {"num_layers": r.randint(1, 2)})


def _make_encoder(arguments: Mapping[str, Any]) -> Any:
    return torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(4, 2, 3), **arguments)


def _make_decoder(arguments: Mapping[str, Any]) -> Any:
    return torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(4, 2, 3), **arguments)


def _equal_pair(r: Random) -> tuple[TensorShape, ...]:
    input = any_tensor(r, 0, 3)
    target = tuple(mostly(r, n, 1, 4) for n in input.shape or ())
    return input, tensor(*target[1:] if rarely(r) else target)


def _broadcast_pair(r: Random) -> tuple[TensorShape, ...]:
    input = any_tensor(r, 0, 3)
    return input, tensor(*broadcastable(r, input.shape or ()))


def _classes(r: Random) -> tuple[TensorShape, ...]:
    rest = sizes(r, r.randint(0, 2), 1, 3)
    classes = r.randint(1, 4)
    batch = (r.randint(1, 3),) if rest or often(r) else ()
    input = (*batch, classes, *rest)
    if r.random() < 0.3:
        return tensor(*input), tensor(*(mostly(r, n, 1, 4) for n in input))
    target = tuple(mostly(r, n, 1, 3) for n in (*batch, *rest))
    return tensor(*input), tensor(*target[1:] if rarely(r) else target, kind="integer")


def _indices(r: Random) -> tuple[TensorShape, ...]:
    input, target = _classes(r)
    return input, tensor(*target.shape or (), kind="integer")


def _rows(r: Random) -> tuple[TensorShape, ...]:
    rows = sizes(r, r.randint(1, 2), 1, 3)
    return tensor(*rows), tensor(*rows[:-1], kind="integer")


def _labels(r: Random) -> tuple[TensorShape, ...]:
    rows = sizes(r, r.randint(1, 2), 1, 3)
    return tensor(*rows), tensor(*rows, kind="integer")


def _three(r: Random) -> tuple[TensorShape, ...]:
    input = any_tensor(r, 1, 3)
    return (
        input,
        *(tensor(*(1 if rarely(r) else mostly(r, n, 1, 4) for n in input.shape or ())) for _ in "ab"),
    )


def _cosine_embedding(r: Random) -> tuple[TensorShape, ...]:
    rows = sizes(r, r.randint(1, 2), 1, 3)
    other = tuple(mostly(r, n, 1, 3) for n in rows)
    return tensor(*rows), tensor(*other), tensor(*(() if rarely(r) else rows[:-1]))


LOSSES = {
    "CrossEntropyLoss": _classes,
    "NLLLoss": _indices,
    "MSELoss": _broadcast_pair,
    "L1Loss": _broadcast_pair,
    "SmoothL1Loss": _broadcast_pair,
    "HuberLoss": _broadcast_pair,
    "KLDivLoss": _broadcast_pair,
    "SoftMarginLoss": _broadcast_pair,
    "HingeEmbeddingLoss": _broadcast_pair,
    "PoissonNLLLoss": _broadcast_pair,
    "BCELoss": _equal_pair,
    "BCEWithLogitsLoss": _equal_pair,
    "MultiLabelSoftMarginLoss": _equal_pair,
    "MarginRankingLoss": _three,
    "TripletMarginLoss": _three,
    "CosineEmbeddingLoss": _cosine_embedding,
    "MultiMarginLoss": _rows,
    "MultiLabelMarginLoss": _labels,
}


def reduced(name: str, draw: Callable[[Random], tuple[TensorShape, ...]]) -> Case:
    def call(r: Random) -> Call:
        return Call(draw(r), {}, some(r, reduction=r.choice(("mean", "sum", "none"))))

    return Case(f"torch.nn.{name}", call)


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
    *(recurrent(kind) for kind in ("RNN", "LSTM", "GRU")),
    *(cell(kind) for kind in ("RNN", "LSTM", "GRU")),
    *(reduced(name, draw) for name, draw in LOSSES.items()),
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
    Case("torch.nn.Embedding", embedding),
    Case("torch.nn.EmbeddingBag", embedding_bag),
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
    Case("torch.nn.CosineSimilarity", cosine_similarity),
    Case("torch.nn.PairwiseDistance", pairwise_distance),
    Case("torch.nn.MultiheadAttention", multihead, training=False),
    Case("torch.nn.TransformerEncoderLayer", encoder_layer),
    Case("torch.nn.TransformerDecoderLayer", decoder_layer),
    Case("torch.nn.TransformerEncoder", encoder, make=_make_encoder),
    Case("torch.nn.TransformerDecoder", decoder, make=_make_decoder),
    Case("torch.nn.Transformer", transformer),
    Case("einops.layers.torch.Rearrange", einops_layer("rearrange")),
    Case("einops.layers.torch.Reduce", einops_layer("reduce")),
]
