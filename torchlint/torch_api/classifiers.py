"""torchvision's classifiers: the part of each that is applied last and makes the scores.

Source: https://docs.pytorch.org/vision/stable/models.html#classification
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Head:
    """The attribute that holds the last part, how many layers it has if it is a Sequential, and whether it takes (N, F)."""

    attribute: str
    layers: int | None = None
    flat: bool = True


# By how the name of the model's function begins.
_HEADS = {
    **dict.fromkeys(("resnet", "resnext", "wide_resnet", "shufflenet", "regnet"), Head("fc")),
    **dict.fromkeys(("alexnet", "vgg"), Head("classifier", 7)),
    **dict.fromkeys(("mobilenet_v2", "efficientnet", "mnasnet"), Head("classifier", 2)),
    "mobilenet_v3": Head("classifier", 4),
    "convnext": Head("classifier", 3, flat=False),
    "densenet": Head("classifier"),
    "swin": Head("head"),
    "vit_": Head("heads", 1),
}
_OTHER_TASKS = ("detection", "optical_flow", "quantization", "segmentation", "video")


@cache
def head_of(name: str) -> Head | None:
    """The head of what a function of torchvision.models makes; None where that is no classifier with one output."""
    folders, _, last = name.rpartition(".")
    if not folders.startswith("torchvision.models") or any(folder in _OTHER_TASKS for folder in folders.split(".")):
        return None
    return next((head for start, head in _HEADS.items() if last.startswith(start)), None)
