"""torchvision's functions that make one image of many."""

from __future__ import annotations

from torchlint.torch_api.dims import Dim, Shape, at_least, plus, times
from torchlint.torch_api.shapes.combining import stack
from torchlint.torch_api.shapes.entry import Function, TensorShape, function
from torchlint.torch_api.shapes.reading import dim


def make_grid(tensor: object, nrow: object = 8, padding: object = 2) -> Shape:
    """(N, C, H, W) → (C, rows·(H + padding) + padding, columns·(W + padding) + padding); one channel becomes three.

    A single image stays as it is. https://docs.pytorch.org/vision/stable/generated/torchvision.utils.make_grid.html
    """
    images = _images(tensor)
    if images is None:
        return (None, None, None)
    count, channels, height, width = images
    channels = 3 if channels == 1 else channels if at_least(channels, 2) else None
    if count == 1:
        return (channels, height, width)
    across, gap = dim(nrow), dim(padding)
    if not isinstance(count, int) or not isinstance(across, int):
        return (channels, None, None)
    columns = min(across, count)
    rows = -(-count // columns) if columns > 0 else None
    return (channels, _laid(height, rows, gap), _laid(width, columns, gap))


def _images(tensor: object) -> tuple[Dim, Dim, Dim, Dim] | None:
    """The images as (N, C, H, W)."""
    if isinstance(tensor, TensorShape):
        shape = tensor.shape
    elif (
        isinstance(tensor, list | tuple) and tensor and all(isinstance(each, TensorShape) for each in tensor)
    ):
        shape = stack(tuple(each.shape for each in tensor if isinstance(each, TensorShape)))
    else:
        return None
    if shape is None or len(shape) > 4 or len(shape) < 2:
        return None
    padded: tuple[Dim, ...] = (1, 1, *shape)[-4:] if len(shape) < 4 else shape
    return padded[0], padded[1], padded[2], padded[3]


def _laid(size: Dim, count: Dim, gap: Dim) -> Dim:
    return plus(times(count, plus(size, gap)), gap)


FUNCTIONS: dict[str, Function] = {
    "torchvision.utils.make_grid": function(
        make_grid, "tensor: R, nrow, padding, _normalize, _value_range, _scale_each, _pad_value"
    ),
}
