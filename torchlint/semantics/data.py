"""Datasets and loaders: what an item is, and what a batch is made of items."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchlint.semantics.classes import find, library_bases
from torchlint.semantics.inspection import known_items
from torchlint.semantics.join import join_all, present
from torchlint.semantics.shape_bridge import plain
from torchlint.semantics.values import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Array,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Iteration,
    List,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.semantics.vision import Vision
from torchlint.torch_api.binding import bind
from torchlint.torch_api.datasets import dataset_images, labelled, role_of_split
from torchlint.torch_api.dims import Dim, Expression, Shape, symbol
from torchlint.torch_api.transforms import BATCH

LOADER = "torch.utils.data.DataLoader"
_TENSORS = "torch.utils.data.TensorDataset"
_SUBSET = "torch.utils.data.Subset"
_CONCATENATED = "torch.utils.data.ConcatDataset"
# A label: some class index, of which nothing more is known.
_LABEL = "<label>"


class Data(Vision):
    """Datasets are asked for an item, loaders for a batch."""

    def fill(
        self, instance: Instance, name: str, positional: Sequence[Value], arguments: Mapping[str | int, Value]
    ) -> None:
        super().fill(instance, name, positional, arguments)
        if name in (LOADER, _SUBSET) and isinstance(arguments.get("dataset"), Value):
            self.trail.set(instance.store, "dataset", arguments["dataset"])
        if dataset_images(name) is not None or name.startswith("torchvision.datasets."):
            for key in ("transform", "target_transform"):
                if isinstance(arguments.get(key), Value):
                    self.trail.set(instance.store, key, arguments[key])

    def construct(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        instance = super().construct(name, positional, keywords, node)
        # An item is looked at once, for what is wrong with the transforms.
        if isinstance(instance, Instance) and dataset_images(name) is not None:
            self.dataset_item(instance, node)
        return instance

    def library_init(
        self, instance: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> None:
        super().library_init(instance, positional, keywords, node)
        name = _dataset_base(instance)
        if name is not None:
            for key, value in bind(name, positional, keywords).items():
                self.trail.set(instance.store, ("argument", key), value)
                if key in ("transform", "target_transform"):
                    self.trail.set(instance.store, key, value)

    # Items.

    def dataset_item(self, dataset: Value, node: ast.AST, depth: int = 0, whole: bool = False) -> Value:
        """`dataset[i]`, for an int or, with `whole`, for whatever a sampler gives; Unknown where it is not known."""
        dataset = present(dataset)
        if depth > 8 or not isinstance(dataset, Instance):
            return UNKNOWN
        if dataset.cls == _TENSORS:
            tensors = [dataset.arguments[key] for key in sorted(key for key in dataset.arguments if isinstance(key, int))]
            return Tuple(tuple(self.iterated(each, node) for each in tensors)) if tensors else UNKNOWN
        if dataset.cls == _SUBSET:
            return self.dataset_item(dataset.store.get("dataset", UNKNOWN), node, depth + 1, whole)
        if dataset.cls == _CONCATENATED:
            parts = known_items(dataset.arguments.get("datasets", UNKNOWN))
            return join_all([self.dataset_item(each, node, depth + 1, whole) for each in parts or ()])
        if isinstance(dataset.cls, Class):
            own = find(dataset.cls, "__getitem__")
            if isinstance(own, Function):
                # Without batches, a sampler may give lists of indices.
                index = Unknown(self.site(node)) if whole else Size(symbol("i"))
                return self._apart(lambda: self.run_function(own, dataset, (index,), {}, node))
        name = _dataset_base(dataset)
        return self._pictured(dataset, name, node) if name is not None else UNKNOWN

    def _apart(self, action: Any) -> Value:
        """Run what has no say in the steps of a training loop: loading data."""
        trace, self.trace = self.trace, []
        try:
            result: Value = action()
        finally:
            self.trace = trace
        return result

    def _pictured(self, dataset: Instance, name: str, node: ast.AST) -> Value:
        """An item of a dataset of torchvision: the transformed image and its target."""
        sizes = dataset_images(name)
        if sizes is None or self._argument(dataset, "transforms") not in (None, NONE) or self._argument(dataset, "loader") not in (None, NONE):
            return UNKNOWN
        if name.endswith(".FakeData") and (given := self._argument(dataset, "image_size")) is not None:
            read = plain(given)
            sizes = read if isinstance(read, tuple) and len(read) == 3 else (None, *sizes[1:])
        image: Value = Array(kind="PIL", shape=_known(sizes), scale="255", site=self.site(node))
        change = dataset.store.get("transform", NONE)
        if change != NONE:
            image = self._apart(lambda: self.call(change, (image,), {}, node))
        change = dataset.store.get("target_transform", NONE)
        target: Value = Unknown(self.site(node), _LABEL if labelled(name) and change == NONE else None)
        return Tuple((image, target))

    def _argument(self, dataset: Instance, name: str) -> Value | None:
        value = dataset.arguments.get(name, dataset.store.get(("argument", name)))
        return value if isinstance(value, Value) else None

    # Batches.

    def batch_of(self, loader: Instance, node: ast.AST) -> Value:
        """What a loader gives at each step; Unknown that knows its loader where nothing else is known."""
        unknown = Unknown(self.site(node), "<batch>", loader)
        dataset = loader.store.get("dataset")
        if not isinstance(dataset, Value):
            return unknown
        size = self._batch_size(loader)
        item = self.dataset_item(dataset, node, whole=size == "none")
        collate = loader.arguments.get("collate_fn", NONE)
        if collate != NONE:
            samples = List({"items": None, "element": item}, self.site(node))
            return self._apart(lambda: self.call(collate, (samples,), {}, node))
        batch = item if size == "none" else self.collated(item, size if not isinstance(size, str) else BATCH, node)
        return unknown if isinstance(batch, Unknown) else batch

    def _batch_size(self, loader: Instance) -> Dim | str:
        """The size of each batch: known where the last one is dropped, else any."""
        given = loader.arguments.get("batch_size", Const(1))
        if given == NONE:
            return "none"
        exact = loader.arguments.get("drop_last", FALSE) == TRUE or given == Const(1)
        size = plain(given)
        return size if exact and isinstance(size, int) and "batch_sampler" not in loader.arguments else BATCH

    def collated(self, item: Value, size: Dim, node: ast.AST) -> Value:
        """A batch of items, as `default_collate` makes it."""
        match item:
            case Tensor():
                shape = None if item.shape is None else (size, *item.shape)
                return replace(item, shape=shape, leaf=True, requires_grad=False, op="batch", inputs=(item,), site=self.site(node), parameter=False, activation=None, storages=frozenset())
            case Array(kind="ndarray"):
                shape = None if item.shape is None else (size, *item.shape)
                return Tensor(shape=shape, dtype=item.dtype, scale=item.scale, requires_grad=False, leaf=True, device="cpu", op="batch", site=self.site(node))
            case Unknown(method="<label>"):
                return Tensor(shape=(size,), dtype="int64", requires_grad=False, leaf=True, device="cpu", op="batch", site=self.site(node))
            case Const(value=bool() | int()) | Size():
                return Tensor(shape=(size,), dtype="int64", requires_grad=False, leaf=True, device="cpu", op="batch", site=self.site(node))
            case Const(value=float()):
                return Tensor(shape=(size,), dtype="float64", requires_grad=False, leaf=True, device="cpu", op="batch", site=self.site(node))
            case Tuple() | List() if (held := known_items(item)) is not None:
                return Tuple(tuple(self.collated(each, size, node) for each in held))
            case Dict() if isinstance(entries := item.store.get("entries"), dict):
                batch = {key: self.collated(value, size, node) for key, value in entries.items()}
                return Dict({"entries": batch, "element": UNKNOWN}, self.site(node))
        return Unknown(self.site(node))

    def loader_method(
        self, instance: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value | None:
        if name not in ("__iter__", "__next__", "next"):
            return None
        if instance.cls == LOADER:
            self.trail.set(instance.store, "<gone through>", TRUE)
            return Iteration(self.batch_of(instance, node), instance)
        if isinstance(instance.cls, str) and (instance.cls in (_TENSORS, _SUBSET, _CONCATENATED) or dataset_images(instance.cls) is not None):
            return Iteration(self.dataset_item(instance, node), instance)
        if isinstance(instance.cls, Class) and _is_dataset(instance.cls) and find(instance.cls, "__iter__") is None:
            return Iteration(self.dataset_item(instance, node), instance)
        return None

    def library_item(self, instance: Instance, index: Value, node: ast.AST) -> Value | None:
        """`instance[index]` of a dataset; None of anything else."""
        name = _dataset_base(instance)
        if name is None and instance.cls not in (_TENSORS, _SUBSET, _CONCATENATED):
            return None
        return self.dataset_item(instance, node)

    def _torch_utils_data_random_split(
        self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        dataset = positional[0] if positional else keywords.get("dataset", UNKNOWN)
        lengths = positional[1] if len(positional) > 1 else keywords.get("lengths", UNKNOWN)
        part = Instance(_SUBSET, {"dataset": dataset, "<split>": TRUE}, {"dataset": dataset}, self.site(node))
        known = known_items(lengths)
        if known is None:
            return List({"items": None, "element": part}, self.site(node))
        return List({"items": tuple(replace(part, store={**part.store, "<split>": Const(index)}) for index, _ in enumerate(known))}, self.site(node))


def loader_role(value: Value | None, depth: int = 0) -> str | None:
    """ "train" or "evaluation", of a loader or dataset whose `train=` or `split=` tells; None where that is not known."""
    if not isinstance(value, Instance) or depth > 8 or "<split>" in value.store:
        return None
    if value.cls in (LOADER, _SUBSET):
        held = value.store.get("dataset")
        role = loader_role(held if isinstance(held, Value) else None, depth + 1)
        # Of training data, a part may be kept for validation.
        return None if role == "train" and value.cls == _SUBSET else role
    name = _dataset_base(value)
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


def _is_dataset(cls: Class) -> bool:
    return any(name == "torch.utils.data.Dataset" or name.startswith("torchvision.datasets.") for name in library_bases(cls))


def _dataset_base(instance: Instance) -> str | None:
    """The class of torchvision's datasets that a dataset is of, directly or by inheritance."""
    names = [instance.cls] if isinstance(instance.cls, str) else library_bases(instance.cls)
    return next((name for name in names if name.startswith("torchvision.datasets.")), None)


def _known(sizes: Shape | tuple[object, ...]) -> tuple[Any, ...] | None:
    """Sizes as a shape: what is no size is unknown."""
    return None if sizes is None else tuple(each if isinstance(each, int | Expression) else None for each in sizes)
