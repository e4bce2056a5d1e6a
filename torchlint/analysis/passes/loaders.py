"""In which order loaders go through their data, and what for."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.passes import LoaderOrder, Run
from torchlint.analysis.passes.evaluation import evaluations
from torchlint.analysis.passes.training import carries_state, stretches
from torchlint.analysis.values.abstract import FALSE, NONE, TRUE, Class, Const, Instance, Iteration, Value
from torchlint.analysis.values.classes import library_bases, opaque_base
from torchlint.analysis.values.loaders import LOADER, loader_role
from torchlint.analysis.values.store import DRAWN, GONE_THROUGH, SPLIT
from torchlint.torch_api.lightning import EVALUATION_LOADERS


def loader_orders(run: Run) -> Iterator[LoaderOrder]:
    """The loaders that a run trains on or evaluates with."""
    trained: set[int] = set()
    for stretch in stretches(run, "backward"):
        loader = loader_of(stretch.loop.iterated if stretch.loop is not None else None)
        if loader is None or not any(event.kind == "backward" for event in stretch.events):
            continue
        trained.add(id(loader.store))
        if any(event.kind == "step" for event in stretch.events) and not carries_state(stretch):
            yield from order_of(loader, True)
    for event in run.trace:
        made = event.subject
        if event.kind == "loader" and isinstance(made, Instance) and made.store.keys().isdisjoint((DRAWN, GONE_THROUGH)):
            use = loader_use(made)
            if use is not None and not (use == "train" and _evaluates(made)):
                yield from order_of(made, use == "train")
    for evaluation in run.found(evaluations):
        loader = loader_of(evaluation.loop.iterated if evaluation.loop is not None else None)
        if loader is None or id(loader.store) in trained:
            # Training data that is scored as well is shuffled for the training.
            continue
        if evaluation.by_data or any(each.ended and (each.by_mode or each.grad is False) for each in evaluation.uses):
            yield from order_of(loader, False)


def loader_of(value: Value | None) -> Instance | None:
    if isinstance(value, Iteration):
        value = value.source
    return value if isinstance(value, Instance) and value.cls == LOADER else None


def order_of(loader: Instance, training: bool) -> Iterator[LoaderOrder]:
    shuffled = is_shuffled(loader)
    frame = loader.made_in
    if shuffled is None or loader.site is None or frame is None:
        return
    if not training and loader_use(loader) == "train":
        return
    yield LoaderOrder(loader.site, frame, None, loader=loader, training=training, shuffled=shuffled)


def is_shuffled(loader: Instance) -> bool | None:
    """Whether a loader shuffles; None where a sampler or the dataset decides, or it is not known."""
    given = loader.arguments
    if any(given.get(name, NONE) != NONE for name in ("sampler", "batch_sampler")):
        return None
    shuffle = given.get("shuffle", FALSE)
    if shuffle == NONE:
        shuffle = FALSE
    if shuffle not in (TRUE, FALSE) or not _has_items(given.get("dataset")):
        return None
    return shuffle == TRUE


def _has_items(dataset: Value | None) -> bool:
    """Whether a dataset is known to be one with items by index (an iterable one cannot be shuffled)."""
    if not isinstance(dataset, Instance):
        return False
    if isinstance(dataset.cls, Class):
        return not opaque_base(dataset.cls) and not any(base.endswith("IterableDataset") for base in library_bases(dataset.cls))
    return dataset.cls.startswith(("torch.utils.data.", "torchvision.datasets.")) and not dataset.cls.endswith("IterableDataset")


def loader_use(loader: Instance) -> str | None:
    """ "train" or "evaluation", where the data tells what it is for: by its split, or as a part of a random split."""
    dataset = loader.arguments.get("dataset")
    part = dataset.store.get(SPLIT) if isinstance(dataset, Instance) else None
    if isinstance(dataset, Instance) and isinstance(part, Const) and isinstance(part.value, int) and part != TRUE:
        whole = dataset.arguments.get("dataset")
        return "evaluation" if part.value or loader_role(whole) == "evaluation" else "train"
    return loader_role(loader)


def _evaluates(loader: Instance) -> bool:
    """Whether a loader is made in one of Lightning's methods for loaders of validation, test and prediction."""
    function = loader.made_in.function if loader.made_in is not None else None
    return function is not None and getattr(function.node, "name", None) in EVALUATION_LOADERS
