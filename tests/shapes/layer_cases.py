"""Calls of the layers of torch.nn."""

from __future__ import annotations

from random import Random

from tests.shapes.draws import mostly, often, per_axis, rarely, sizes, some, tensor
from tests.shapes.proof import Call, Case
from torchlint.torch_api.shapes.table import TensorShape


def _spatial(r: Random, axes: int, channels: int, least: int = 1, most: int = 9) -> TensorShape:
    """(N, C, *L), (C, *L) and rarely a rank too many or few."""
    if rarely(r):
        return tensor(*sizes(r, r.randint(0, axes + 3)))
    lead = sizes(r, r.randint(0, 1), 1, 3)
    return tensor(*lead, mostly(r, channels, 1, 6), *sizes(r, axes, least, most))


def _is_empty(said: object) -> bool:
    return isinstance(said, TensorShape) and 0 in (said.shape or ())


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

    return Case(f"torch.nn.{'Lazy' if lazy else ''}ConvTranspose{axes}d", draw, undecided=_is_empty)


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


LAYER_CASES: list[Case] = [
    *(conv(axes, lazy=lazy) for axes in (1, 2, 3) for lazy in (False, True)),
    *(conv_transpose(axes, lazy=lazy) for axes in (1, 2, 3) for lazy in (False, True)),
    *(pool(kind, axes) for kind in ("Max", "Avg", "LP") for axes in (1, 2, 3)),
    *(adaptive(kind, axes) for kind in ("Max", "Avg") for axes in (1, 2, 3)),
    *(batch_norm(axes, lazy=lazy) for axes in (1, 2, 3) for lazy in (False, True)),
]
