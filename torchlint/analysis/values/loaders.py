"""Loaders and datasets: whether they are for training or for evaluation."""

from __future__ import annotations

from torchlint.analysis.values.abstract import UNKNOWN, Const, Instance, Value
from torchlint.analysis.values.classes import library_bases
from torchlint.analysis.values.store import SPLIT
from torchlint.torch_api.binding import bind
from torchlint.torch_api.datasets import role_of_split

LOADER = "torch.utils.data.DataLoader"


SUBSET = "torch.utils.data.Subset"


def loader_role(value: Value | None, depth: int = 0) -> str | None:
    """ "train" or "evaluation", of a loader or dataset whose `train=` or `split=` tells; None where that is not known."""
    if not isinstance(value, Instance) or depth > 8 or SPLIT in value.store:
        return None
    if value.cls in (LOADER, SUBSET):
        held = value.store.get("dataset")
        role = loader_role(held if isinstance(held, Value) else None, depth + 1)
        # Of training data, a part may be kept for validation.
        return None if role == "train" and value.cls == SUBSET else role
    name = dataset_base(value)
    if name is None:
        return None

    def given(key: str) -> object:
        held = value.arguments.get(key, value.store.get(("argument", key)))
        return held.value if isinstance(held, Const) else Ellipsis if held is not None else None

    train, split = given("train"), given("split")
    if train is None and split is None:
        # By default, those that have `train=` are for training.
        train = True if "train" in bind(name, (UNKNOWN, UNKNOWN), {}) else None
    return role_of_split(train, split)


def dataset_base(instance: Instance) -> str | None:
    """The class of torchvision's datasets that a dataset is of, directly or by inheritance."""
    names = [instance.cls] if isinstance(instance.cls, str) else library_bases(instance.cls)
    return next((name for name in names if name.startswith("torchvision.datasets.")), None)
