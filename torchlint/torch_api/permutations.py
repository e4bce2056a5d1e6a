"""Whether one shape is another one with its dims in another order, some of them joined."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.torch_api.dims import Dim, Shape, product, same

Groups = tuple[tuple[int, ...], ...]
_MOST_DIMS = 6


def permuted(before: Shape, after: Shape) -> Groups | None:
    """For each dim of `after` the neighbouring axes of `before` that make it up, where their order is another one.

    None where a dim is unknown, or where `after` can be had without moving any. Dims of length one may stand anywhere.
    """
    if before is None or after is None or None in before or None in after or len(after) > len(before):
        return None
    axes = [axis for axis, dim in enumerate(before) if same(dim, 1) is not True]
    wanted = [dim for dim in after if same(dim, 1) is not True]
    if not 2 <= len(wanted) <= len(axes) <= _MOST_DIMS:
        return None
    found: Groups | None = None
    for groups in _matches(before, tuple(axes), wanted):
        flat = [axis for group in groups for axis in group]
        if flat == sorted(flat):
            return None
        found = found or groups
    return found


def _matches(before: tuple[Dim, ...], axes: tuple[int, ...], wanted: list[Dim]) -> Iterator[Groups]:
    """Every way to make the wanted dims out of neighbouring axes, each used once."""
    if not wanted:
        if not axes:
            yield ()
        return
    for start in range(len(axes)):
        for end in range(start + 1, len(axes) + 1):
            group = axes[start:end]
            between = [axis for axis in range(group[0], group[-1]) if axis not in axes]
            if any(same(before[axis], 1) is not True for axis in between):
                break
            if same(product(before[axis] for axis in group), wanted[0]) is True:
                for rest in _matches(before, axes[:start] + axes[end:], wanted[1:]):
                    yield (group, *rest)


def permutation(before: tuple[Dim, ...], after: tuple[Dim, ...], groups: Groups) -> tuple[int, ...] | None:
    """The order of axes that `permute` takes; None where dims are joined as well."""
    if len(before) != len(after) or any(len(group) != 1 for group in groups):
        return None
    ones = iter([axis for axis, dim in enumerate(before) if same(dim, 1) is True])
    moved = iter(group[0] for group in groups)
    return tuple(next(ones) if same(dim, 1) is True else next(moved) for dim in after)
