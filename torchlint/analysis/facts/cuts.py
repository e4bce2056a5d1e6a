"""Where the history of a loss was cut, so that no gradient reaches the model that it was computed with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from torchlint.analysis.facts.gradients import has_trained_parameters
from torchlint.analysis.values.abstract import (
    Array,
    Const,
    Instance,
    Library,
    List,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.inspection import element_of, known_items
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import SEEN
from torchlint.torch_api.dtypes import is_integer

# What hands on numbers without their history.
_CUTS = frozenset({"detach", "data", "argmax", "argmin", "tensor", "as_tensor", "legacy", "from_numpy", "Variable"})
_NUMBERS = frozenset({"item", "tolist", "numpy"})
_ARITHMETIC = frozenset({"<sum>", "<product>", "<arithmetic>"})
_MOST_NODES = 300


@dataclass(slots=True)
class _Search:
    """What was met on the way back from a loss: whether a graph may go on, and the cuts next to what has a graph."""

    live: bool = False
    sites: list[Site] = field(default_factory=list)
    seen: set[tuple[int, bool]] = field(default_factory=set)


def cut_from_model(loss: Value) -> Site | None:
    """The cut between a loss and the layers that it was computed with; None where some graph may be left, or none was cut."""
    search = _Search()
    _visit(loss, search, None)
    return None if search.live or not search.sites else search.sites[0]


def _visit(value: Value | None, search: _Search, cut: Site | None) -> None:
    """Go back from a value; `cut` is the last cut that was passed, behind which nothing is live."""
    # What is reached past a cut may be reached by another way that has none.
    key = (id(value), cut is None)
    if value is None or key in search.seen or isinstance(value, Const | Size | Library):
        return
    search.seen.add(key)
    if len(search.seen) > _MOST_NODES:
        search.live = True
        return
    match value:
        case Tensor():
            _visit_tensor(value, search, cut)
        case Array():
            _visit(value.source, search, cut)
        case Tuple() | List():
            for each in _held(value):
                _visit(each, search, cut)
        case Unknown(method="<number>"):
            return
        case Unknown(receiver=None):
            search.live = search.live or cut is None
        case Unknown(method=method, receiver=receiver, site=site):
            if cut is None and method not in _NUMBERS and method not in _ARITHMETIC:
                search.live = True
            _visit(receiver, search, site if method in _NUMBERS else cut)
        case _:
            search.live = search.live or (cut is None and not isinstance(value, Instance))


def _held(value: Tuple | List) -> Iterable[Value]:
    """What a list holds: of one that grew in a loop, what was put into it."""
    items = known_items(value)
    if items is not None:
        return items
    added: list[Value] = value.store.get(SEEN, []) if isinstance(value, List) else []
    return added or (element_of(value),)


def _visit_tensor(tensor: Tensor, search: _Search, cut: Site | None) -> None:
    trained = tensor.parameter or has_trained_parameters(tensor.layer, tensor.op)
    if cut is not None and tensor.requires_grad and (trained or tensor.inputs):
        if _of_model(tensor):
            search.sites.append(cut)
        return
    if cut is None and trained:
        search.live = True
        return
    if tensor.op in _CUTS or (is_integer(tensor.dtype) and tensor.inputs):
        cut = tensor.site or cut
    elif cut is None and not tensor.inputs:
        search.live = search.live or tensor.requires_grad is not False
    elif cut is None and tensor.requires_grad is False and any(isinstance(each, Tensor) and each.requires_grad for each in tensor.inputs):
        search.live = True
    for each in tensor.inputs:
        _visit(each, search, cut)


def _of_model(tensor: Tensor) -> bool:
    """Whether a trained layer has a part in a tensor."""
    pending: list[Value] = [tensor]
    seen: set[int] = set()
    while pending and len(seen) < _MOST_NODES:
        each = pending.pop()
        if not isinstance(each, Tensor) or id(each) in seen:
            continue
        seen.add(id(each))
        if has_trained_parameters(each.layer, each.op):
            return True
        pending.extend(each.inputs)
    return False
