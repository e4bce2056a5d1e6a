"""Datasets and loaders: what an item is, and what a batch is made of items."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchlint.analysis.interpreter.functions import run_function
from torchlint.analysis.library.handlers import LibraryCall, handles
from torchlint.analysis.library.torch.modules import construct_layer, initialize_layer
from torchlint.analysis.library.torch.shapes import plain
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
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
from torchlint.analysis.values.classes import find, library_bases
from torchlint.analysis.values.inspection import known_items
from torchlint.analysis.values.join import join_all, present
from torchlint.analysis.values.loaders import LOADER, SUBSET, dataset_base
from torchlint.analysis.values.store import ELEMENT, ENTRIES, GONE_THROUGH, ITEMS, SPLIT
from torchlint.torch_api.binding import bind
from torchlint.torch_api.datasets import dataset_images, labelled
from torchlint.torch_api.dims import Dim, Expression, Shape, symbol
from torchlint.torch_api.transforms import BATCH

_TENSORS = "torch.utils.data.TensorDataset"
_CONCATENATED = "torch.utils.data.ConcatDataset"
# A label: some class index, of which nothing more is known.
_LABEL = "<label>"


def construct(
    machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    instance = construct_layer(machine, name, positional, keywords, node)
    # An item is looked at once, for what is wrong with the transforms.
    if isinstance(instance, Instance) and dataset_images(name) is not None:
        dataset_item(machine, instance, node)
    return instance


def library_init(
    machine: Machine, instance: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> None:
    initialize_layer(machine, instance, positional, keywords, node)
    name = dataset_base(instance)
    if name is not None:
        for key, value in bind(name, positional, keywords).items():
            machine.trail.set(instance.store, ("argument", key), value)
            if key in ("transform", "target_transform"):
                machine.trail.set(instance.store, key, value)


def dataset_item(machine: Machine, dataset: Value, node: ast.AST, depth: int = 0, whole: bool = False) -> Value:
    """`dataset[i]`, for an int or, with `whole`, for whatever a sampler gives; Unknown where it is not known."""
    dataset = present(dataset)
    if depth > 8 or not isinstance(dataset, Instance):
        return UNKNOWN
    if dataset.cls == _TENSORS:
        tensors = [dataset.arguments[key] for key in sorted(key for key in dataset.arguments if isinstance(key, int))]
        return Tuple(tuple(machine.iterated(each, node) for each in tensors)) if tensors else UNKNOWN
    if dataset.cls == SUBSET:
        return dataset_item(machine, dataset.store.get("dataset", UNKNOWN), node, depth + 1, whole)
    if dataset.cls == _CONCATENATED:
        parts = known_items(dataset.arguments.get("datasets", UNKNOWN))
        return join_all([dataset_item(machine, each, node, depth + 1, whole) for each in parts or ()])
    if isinstance(dataset.cls, Class):
        own = find(dataset.cls, "__getitem__")
        if isinstance(own, Function):
            # Without batches, a sampler may give lists of indices.
            index = Unknown(machine.site(node)) if whole else Size(symbol("i"))
            return _apart(machine, lambda: run_function(machine, own, dataset, (index,), {}, node))
    name = dataset_base(dataset)
    return _pictured(machine, dataset, name, node) if name is not None else UNKNOWN


def _apart(machine: Machine, action: Any) -> Value:
    """Run what has no say in the steps of a training loop: loading data."""
    trace, machine.trace = machine.trace, []
    try:
        result: Value = action()
    finally:
        machine.trace = trace
    return result


def _pictured(machine: Machine, dataset: Instance, name: str, node: ast.AST) -> Value:
    """An item of a dataset of torchvision: the transformed image and its target."""
    sizes = dataset_images(name)
    if sizes is None or _argument(dataset, "transforms") not in (None, NONE) or _argument(dataset, "loader") not in (None, NONE):
        return UNKNOWN
    if name.endswith(".FakeData") and (given := _argument(dataset, "image_size")) is not None:
        read = plain(given)
        sizes = read if isinstance(read, tuple) and len(read) == 3 else (None, *sizes[1:])
    image: Value = Array(kind="PIL", shape=_known(sizes), scale="255", site=machine.site(node))
    change = dataset.store.get("transform", NONE)
    if change != NONE:
        image = _apart(machine, lambda: machine.call(change, (image,), {}, node))
    change = dataset.store.get("target_transform", NONE)
    target: Value = Unknown(machine.site(node), _LABEL if labelled(name) and change == NONE else None)
    return Tuple((image, target))


def _argument(dataset: Instance, name: str) -> Value | None:
    value = dataset.arguments.get(name, dataset.store.get(("argument", name)))
    return value if isinstance(value, Value) else None


def batch_of(machine: Machine, loader: Instance, node: ast.AST) -> Value:
    """What a loader gives at each step; Unknown that knows its loader where nothing else is known."""
    unknown = Unknown(machine.site(node), "<batch>", loader)
    dataset = loader.store.get("dataset")
    if not isinstance(dataset, Value):
        return unknown
    size = _batch_size(loader)
    item = dataset_item(machine, dataset, node, whole=size == "none")
    collate = loader.arguments.get("collate_fn", NONE)
    if collate != NONE:
        samples = List({ITEMS: None, ELEMENT: item}, machine.site(node))
        return _apart(machine, lambda: machine.call(collate, (samples,), {}, node))
    batch = item if size == "none" else collated(machine, item, size if not isinstance(size, str) else BATCH, node)
    return unknown if isinstance(batch, Unknown) else batch


def _batch_size(loader: Instance) -> Dim | str:
    """The size of each batch: known where the last one is dropped, else any."""
    given = loader.arguments.get("batch_size", Const(1))
    if given == NONE:
        return "none"
    exact = loader.arguments.get("drop_last", FALSE) == TRUE or given == Const(1)
    size = plain(given)
    return size if exact and isinstance(size, int) and "batch_sampler" not in loader.arguments else BATCH


def collated(machine: Machine, item: Value, size: Dim, node: ast.AST) -> Value:
    """A batch of items, as `default_collate` makes it."""
    match item:
        case Tensor():
            shape = None if item.shape is None else (size, *item.shape)
            return replace(item, shape=shape, leaf=True, requires_grad=False, op="batch", inputs=(item,), site=machine.site(node), parameter=False, activation=None, storages=frozenset())
        case Array(kind="ndarray"):
            shape = None if item.shape is None else (size, *item.shape)
            return Tensor(shape=shape, dtype=item.dtype, scale=item.scale, requires_grad=False, leaf=True, device="cpu", op="batch", site=machine.site(node))
        case Unknown(method="<label>"):
            return Tensor(shape=(size,), dtype="int64", requires_grad=False, leaf=True, device="cpu", op="batch", site=machine.site(node))
        case Const(value=bool() | int()) | Size():
            return Tensor(shape=(size,), dtype="int64", requires_grad=False, leaf=True, device="cpu", op="batch", site=machine.site(node))
        case Const(value=float()):
            return Tensor(shape=(size,), dtype="float64", requires_grad=False, leaf=True, device="cpu", op="batch", site=machine.site(node))
        case Tuple() | List() if (held := known_items(item)) is not None:
            return Tuple(tuple(collated(machine, each, size, node) for each in held))
        case Dict() if isinstance(entries := item.store.get(ENTRIES), dict):
            batch = {key: collated(machine, value, size, node) for key, value in entries.items()}
            return Dict({ENTRIES: batch, ELEMENT: UNKNOWN}, machine.site(node))
    return Unknown(machine.site(node))


def loader_method(
    machine: Machine, instance: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value | None:
    if name not in ("__iter__", "__next__", "next"):
        return None
    if instance.cls == LOADER:
        machine.trail.set(instance.store, GONE_THROUGH, TRUE)
        return Iteration(batch_of(machine, instance, node), instance)
    if isinstance(instance.cls, str) and (instance.cls in (_TENSORS, SUBSET, _CONCATENATED) or dataset_images(instance.cls) is not None):
        return Iteration(dataset_item(machine, instance, node), instance)
    if isinstance(instance.cls, Class) and _is_dataset(instance.cls) and find(instance.cls, "__iter__") is None:
        return Iteration(dataset_item(machine, instance, node), instance)
    return None


def library_item(machine: Machine, instance: Instance, index: Value, node: ast.AST) -> Value | None:
    """`instance[index]` of a dataset; None of anything else."""
    name = dataset_base(instance)
    if name is None and instance.cls not in (_TENSORS, SUBSET, _CONCATENATED):
        return None
    return dataset_item(machine, instance, node)


@handles("torch.utils.data.random_split")
def _random_split(call: LibraryCall) -> Value:
    machine, positional, node = call.machine, call.positional, call.node
    dataset = positional[0] if positional else call.keywords.get("dataset", UNKNOWN)
    lengths = positional[1] if len(positional) > 1 else call.keywords.get("lengths", UNKNOWN)
    part = Instance(SUBSET, {"dataset": dataset, SPLIT: TRUE}, {"dataset": dataset}, machine.site(node))
    known = known_items(lengths)
    if known is None:
        return List({ITEMS: None, ELEMENT: part}, machine.site(node))
    return List({ITEMS: tuple(replace(part, store={**part.store, SPLIT: Const(index)}) for index, _ in enumerate(known))}, machine.site(node))


def _is_dataset(cls: Class) -> bool:
    return any(name == "torch.utils.data.Dataset" or name.startswith("torchvision.datasets.") for name in library_bases(cls))


def _known(sizes: Shape | tuple[object, ...]) -> tuple[Any, ...] | None:
    """Sizes as a shape: what is no size is unknown."""
    return None if sizes is None else tuple(each if isinstance(each, int | Expression) else None for each in sizes)
