"""torchvision's datasets: the size of their images, and how they tell training from evaluation.

Source: https://docs.pytorch.org/vision/stable/datasets.html
"""

from __future__ import annotations

from torchlint.torch_api.dims import Dim
from torchlint.torch_api.transforms import HEIGHT, WIDTH

_IMAGES: dict[str, tuple[Dim, Dim, Dim]] = {
    **dict.fromkeys(("MNIST", "FashionMNIST", "KMNIST", "EMNIST", "QMNIST"), (1, 28, 28)),
    **dict.fromkeys(("CIFAR10", "CIFAR100"), (3, 32, 32)),
    "SVHN": (3, 32, 32),
    "STL10": (3, 96, 96),
    "USPS": (1, 16, 16),
    "SEMEION": (1, 16, 16),
    "Omniglot": (1, 105, 105),
    "EuroSAT": (3, 64, 64),
    "PCAM": (3, 96, 96),
    "FER2013": (1, 48, 48),
    "CelebA": (3, 218, 178),
    "FakeData": (3, 224, 224),
    **dict.fromkeys(
        (
            "Caltech256", "Country211", "DTD", "FGVCAircraft", "Flowers102", "Food101", "GTSRB", "ImageFolder", "ImageNet",
            "Imagenette", "LSUN", "OxfordIIITPet", "Places365", "RenderedSST2", "StanfordCars", "SUN397",
        ),
        (3, HEIGHT, WIDTH),
    ),
}  # fmt: skip
# Targets that are no class index.
_OTHER_TARGETS = frozenset({"CelebA", "EMNIST", "LSUN", "OxfordIIITPet"})


def dataset_images(name: str | None) -> tuple[Dim, Dim, Dim] | None:
    """(C, H, W) of the images of a dataset of torchvision, before any transform; None where that is no such dataset."""
    package, _, last = (name or "").rpartition(".")
    return _IMAGES.get(last) if package == "torchvision.datasets" else None


def labelled(name: str) -> bool:
    """Whether the targets of a dataset are class indices by default."""
    return name.rpartition(".")[2] not in _OTHER_TARGETS


def role_of_split(train: object, split: object) -> str | None:
    """ "train" or "evaluation", from a dataset's `train=` or `split=`."""
    if isinstance(train, bool):
        return "train" if train else "evaluation"
    if isinstance(split, str):
        return "train" if split == "train" else "evaluation" if split in ("test", "val", "valid", "validation") else None
    return None
