"""Normalisation: what goes in comes out, if its channels or features are those that the layer was made for."""

from __future__ import annotations

from functools import partial

from torchlint.torch_api.dims import Dim, Shape, divides, product, quotient, same, show, show_shape, times
from torchlint.torch_api.shapes.entry import Function, Layer, function, layer
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import dim, dims, distinct_axes, expect_rank, expect_rank_from, flag


def batch_norm(
    input: Shape,
    num_features: object = None,
    affine: object = True,
    track_running_stats: object = True,
    *,
    ranks: tuple[int, ...],
    who: str = "batch norm",
) -> Shape:
    """(N, C, *) → the same. Raises "rank", and "channels" where C is not `num_features`.

    A layer without weights and statistics takes any number of channels; without statistics, a channel needs more than
    one element ("elements"), and so it does in training, where whether it has is a question of the batch.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """
    if input is None:
        return None
    if ranks:
        expect_rank(input, ranks, who)
    else:
        expect_rank_from(input, 2, who)
    if flag(affine) or flag(track_running_stats):
        _expect_channels(input, 1, dim(num_features), who)
    if flag(track_running_stats) is False and same(product((input[0], *input[2:])), 1):
        raise ShapeError(
            f"input {show_shape(input)} has one element a channel, which {who} cannot normalise",
            "elements",
            input=input,
        )
    return input


def instance_norm(
    input: Shape,
    num_features: object = None,
    affine: object = False,
    track_running_stats: object = False,
    *,
    axes: int,
) -> Shape:
    """(N, C, *L) or (C, *L) → the same; more than one element must be left to normalise over, unless statistics are kept.

    Raises "rank", "channels", "elements". https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """
    if input is None:
        return None
    who = f"instance norm ({axes}d)"
    expect_rank(input, (axes + 1, axes + 2), who)
    if flag(affine) or flag(track_running_stats):
        _expect_channels(input, len(input) - axes - 1, dim(num_features), who)
    if flag(track_running_stats) is False and all(same(size, 1) for size in input[-axes:]):
        raise ShapeError(
            f"input {show_shape(input)} has one element a channel, which {who} would make 0",
            "elements",
            input=input,
        )
    return input


def lazy_instance_norm(
    input: Shape, affine: object = True, track_running_stats: object = True, *, axes: int
) -> Shape:
    """`instance_norm` for as many features as dim 1 has, which is wrong for an unbatched input of another size there.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html
    """
    if input is not None:
        expect_rank(input, (axes + 1, axes + 2), f"instance norm ({axes}d)")
    features = None if input is None else input[1]
    return instance_norm(input, features, affine, track_running_stats, axes=axes)


def group_norm(input: Shape, num_groups: object, num_channels: object = None) -> Shape:
    """(N, C, *) → the same. Raises "divisibility" where the groups do not divide the channels, "channels", "rank", and
    "elements" where a group has but one element. https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
    """
    groups, channels = dim(num_groups), dim(num_channels)
    _expect_division(groups, channels, input)
    if input is None:
        return None
    expect_rank_from(input, 2, "group norm")
    _expect_channels(input, 1, channels, "group norm")
    _expect_division(groups, input[1], input)
    if same(times(quotient(times(input[0], input[1]), groups), product(input[2:])), 1):
        raise ShapeError(f"input {show_shape(input)} has one element a group", "elements", input=input)
    return input


def layer_norm(input: Shape, normalized_shape: object) -> Shape:
    """(*, *normalized_shape) → the same. Raises "features" where the last dims differ, "rank" where they are too few.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
    """
    wanted = dims(normalized_shape)
    if input is None or wanted is None:
        return input
    expect_rank_from(input, len(wanted), "layer norm")
    last = input[len(input) - len(wanted) :]
    for place, (found, expected) in enumerate(zip(last, wanted, strict=True), len(input) - len(wanted)):
        if same(found, expected) is False:
            raise ShapeError(
                f"input {show_shape(input)} ends in {show_shape(last)}, layer norm takes {show_shape(wanted)}",
                "features",
                input=input,
                dim=place,
                expected=expected,
                found=found,
            )
    return input


def local_response_norm(input: Shape) -> Shape:
    """(N, C, *) → the same, of 3 dims or more.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
    """
    if input is not None:
        expect_rank_from(input, 3, "local response norm")
    return input


def cross_map_norm(input: Shape) -> Shape:
    """(N, C, H, W) → the same. https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossMapLRN2d.html"""
    if input is not None:
        expect_rank(input, (4,), "CrossMapLRN2d")
    return input


def normalize(input: Shape, dim: object = 1) -> Shape:
    """`F.normalize`: the same shape. https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html"""
    if input is not None:
        distinct_axes(dim, input)
    return input


def functional_batch_norm(
    input: Shape,
    running_mean: Shape = None,
    running_var: Shape = None,
    weight: Shape = None,
    bias: Shape = None,
) -> Shape:
    """`F.batch_norm`: statistics and weights have the input's channels.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
    """
    if input is None:
        return None
    expect_rank_from(input, 2, "batch norm")
    for vector in (running_mean, running_var, weight, bias):
        if vector is not None:
            _expect_channels(input, 1, product(vector), "batch norm")
    return input


def _expect_channels(input: tuple[Dim, ...], place: int, channels: Dim, who: str) -> None:
    if same(input[place], channels) is False:
        raise ShapeError(
            f"input {show_shape(input)} has {show(input[place])} channels, {who} takes {show(channels)}",
            "channels",
            input=input,
            dim=place,
            expected=channels,
            found=input[place],
        )


def _expect_division(groups: Dim, channels: Dim, input: Shape) -> None:
    if divides(groups, channels) is False:
        raise ShapeError(
            f"{show(channels)} channels are no multiple of {show(groups)} groups",
            "divisibility",
            input=input,
            expected=groups,
            found=channels,
        )


_OPTIONS = "_eps, _momentum, affine, track_running_stats"
_BATCH = {1: (2, 3), 2: (4,), 3: (5,)}


def _layers(axes: int) -> dict[str, Layer]:
    batch = partial(batch_norm, ranks=_BATCH[axes], who=f"batch norm ({axes}d)")
    instance = partial(instance_norm, axes=axes)
    return {
        f"torch.nn.BatchNorm{axes}d": layer(batch, f"num_features, {_OPTIONS}, *, _bias"),
        f"torch.nn.LazyBatchNorm{axes}d": layer(batch, f"{_OPTIONS}, *, _bias"),
        f"torch.nn.InstanceNorm{axes}d": layer(instance, f"num_features, {_OPTIONS}, *, _bias"),
        f"torch.nn.LazyInstanceNorm{axes}d": layer(
            partial(lazy_instance_norm, axes=axes), f"{_OPTIONS}, *, _bias"
        ),
    }


LAYERS: dict[str, Layer] = {
    **_layers(1),
    **_layers(2),
    **_layers(3),
    "torch.nn.SyncBatchNorm": layer(
        partial(batch_norm, ranks=()), f"num_features, {_OPTIONS}, _process_group, *, _bias"
    ),
    "torch.nn.GroupNorm": layer(group_norm, "num_groups, num_channels, _eps, _affine, *, _bias"),
    "torch.nn.LayerNorm": layer(layer_norm, "normalized_shape, _eps, _elementwise_affine, _bias"),
    "torch.nn.RMSNorm": layer(layer_norm, "normalized_shape, _eps, _elementwise_affine", "input|x: T"),
    "torch.nn.LocalResponseNorm": layer(local_response_norm, "_size, _alpha, _beta, _k"),
    "torch.nn.CrossMapLRN2d": layer(cross_map_norm, "_size, _alpha, _beta, _k"),
}

FUNCTIONS: dict[str, Function] = {
    "torch.nn.functional.batch_norm": function(
        functional_batch_norm,
        "input: T, running_mean: T, running_var: T, weight: T, bias: T, _training, _momentum, _eps",
    ),
    "torch.nn.functional.layer_norm": function(
        layer_norm, "input: T, normalized_shape, _weight, _bias, _eps"
    ),
    "torch.nn.functional.rms_norm": function(layer_norm, "input: T, normalized_shape, _weight, _eps"),
    "torch.nn.functional.group_norm": function(group_norm, "input: T, num_groups, _weight, _bias, _eps"),
    "torch.nn.functional.local_response_norm": function(
        local_response_norm, "input: T, _size, _alpha, _beta, _k"
    ),
    "torch.nn.functional.normalize": function(normalize, "input: T, _p, dim, _eps"),
}
