"""torchvision's transforms: what each takes and makes of an image, as data.

An image is (C, H, W) here, whatever holds it. A transform of version 2 is known by the name of version 1 where both act alike.
Source: https://docs.pytorch.org/vision/stable/transforms.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from torchlint.torch_api.dims import Dim, Expression, symbol

# The unknown height and width of an image, and the number of samples in a batch.
HEIGHT, WIDTH, BATCH = symbol("H"), symbol("W"), symbol("B")


def is_side(dim: Dim) -> bool:
    """Whether a size is known to be an image's height or width, which is not 1, 3 or 4."""
    return isinstance(dim, Expression) and dim in (HEIGHT, WIDTH)


@dataclass(frozen=True, slots=True)
class Transform:
    """One transform.

    `makes`: "same" image as it got, "resized" to `size=`, "moved" to another size that is not known, "gray", "tensor",
    "bytes" (a tensor of bytes), "floats", "picture" (PIL), "normalized", a "function"'s result, a "chain", a "choice" of one
    of its transforms, or "other". `takes`: "any" image, "pictures" (PIL or arrays), "tensors", or "bytes".
    """

    name: str
    makes: str
    takes: Literal["any", "pictures", "tensors", "bytes"] = "any"
    modern: bool = False


_SAME = """
    RandomHorizontalFlip RandomVerticalFlip ColorJitter GaussianBlur RandomRotation RandomAffine RandomPerspective RandomInvert
    RandomAdjustSharpness RandomAutocontrast RandomGrayscale ElasticTransform RandomSolarize Identity GaussianNoise
    RandomChannelPermutation RandomPhotometricDistort JPEG
"""
_BYTES = "RandomPosterize RandomEqualize AutoAugment RandAugment TrivialAugmentWide AugMix"
_RESIZED = "Resize CenterCrop RandomCrop RandomResizedCrop"
_MOVED = "Pad RandomZoomOut ScaleJitter RandomShortestSize RandomResize RandomIoUCrop"


@cache
def _table(modern: bool) -> dict[str, Transform]:
    table: dict[str, Transform] = {}

    def fill(names: str, makes: str, takes: Literal["any", "pictures", "tensors", "bytes"] = "any") -> None:
        for name in names.split():
            table[name] = Transform(name, makes, takes, modern)

    fill(_SAME, "same")
    # Version 2's take floats as well.
    fill(_BYTES, "same", "any" if modern else "bytes")
    fill("RandomErasing", "same", "any" if modern else "tensors")
    fill(_RESIZED, "resized")
    fill(_MOVED, "moved")
    fill("Grayscale", "gray")
    fill("RGB", "colour")
    fill("ToTensor", "tensor", "pictures")
    fill("PILToTensor", "bytes", "pictures")
    fill("ToImage", "bytes", "any")
    fill("ToPILImage", "picture")
    fill("ConvertImageDtype ToDtype", "floats", "any" if modern else "tensors")
    fill("Normalize", "normalized", "tensors")
    fill("LinearTransformation", "other", "tensors")
    fill("Lambda", "function")
    fill("Compose", "chain")
    fill("RandomApply RandomChoice RandomOrder", "choice")
    return table


@cache
def transform(name: str | None) -> Transform | None:
    """The transform of torchvision of that qualified name."""
    if name is None or not name.startswith("torchvision.transforms."):
        return None
    package, _, last = name.rpartition(".")
    return _table(package.endswith(".v2")).get(last)


# The functional forms, by the transform that does the same.
FUNCTIONAL = {
    "to_tensor": "ToTensor",
    "pil_to_tensor": "PILToTensor",
    "to_pil_image": "ToPILImage",
    "to_image": "ToImage",
    "to_dtype": "ToDtype",
    "convert_image_dtype": "ConvertImageDtype",
    "normalize": "Normalize",
    "resize": "Resize",
    "center_crop": "CenterCrop",
    "hflip": "RandomHorizontalFlip",
    "vflip": "RandomVerticalFlip",
    "rotate": "RandomRotation",
    "gaussian_blur": "GaussianBlur",
    "adjust_brightness": "ColorJitter",
    "adjust_contrast": "ColorJitter",
    "adjust_saturation": "ColorJitter",
    "adjust_hue": "ColorJitter",
    "adjust_gamma": "ColorJitter",
    "rgb_to_grayscale": "Grayscale",
    "to_grayscale": "Grayscale",
}
FUNCTIONAL_PACKAGES = (
    "torchvision.transforms.functional.",
    "torchvision.transforms.v2.functional.",
    "torchvision.transforms.v2.",
)
