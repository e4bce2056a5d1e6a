"""Whether a value is what an earlier call gave, with its graph or without."""

from __future__ import annotations

from torchlint.analysis.values.abstract import (
    Iteration,
    LibraryMethod,
    List,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.store import ELEMENT, ITEMS

_DEPTH = 24
_CUTS = frozenset({"detach", "detach_", "data", "item", "numpy", "tolist"})


def carried_from(value: Value | None, given: Value | None) -> bool | None:
    """True where a value is computed from what was given and gradients flow; False where they are cut; else None."""
    roots = frozenset(map(id, _leaves(given)))
    return _reaches(value, roots, _DEPTH, {}) if roots else None


def _leaves(value: Value | None) -> list[Value]:
    match value:
        case Tensor() | Unknown():
            return [value]
        case Tuple():
            return [leaf for item in value.items for leaf in _leaves(item)]
    return []


def _reaches(value: Value | None, roots: frozenset[int], depth: int, known: dict[int, bool | None]) -> bool | None:
    """As `carried_from`; `known` is what was found out about values on the way."""
    if value is None or depth == 0:
        return None
    if id(value) not in known:
        known[id(value)] = None
        known[id(value)] = _reached(value, roots, depth, known)
    return known[id(value)]


def _reached(value: Value, roots: frozenset[int], depth: int, known: dict[int, bool | None]) -> bool | None:
    if id(value) in roots:
        return not (isinstance(value, Tensor) and value.requires_grad is False)
    match value:
        case Tensor():
            found = _any(value.inputs, roots, depth, known)
            return False if found is not None and (value.requires_grad is False or value.op in _CUTS) else found
        case Unknown():
            found = _reaches(value.receiver, roots, depth - 1, known)
            return False if found is not None and value.method in _CUTS else found
        case LibraryMethod():
            return _reaches(value.receiver, roots, depth - 1, known)
        case Tuple():
            return _any(value.items, roots, depth, known)
        case List():
            items = value.store.get(ITEMS)
            return _any(items if items is not None else (value.store.get(ELEMENT),), roots, depth, known)
        case Iteration():
            return _reaches(value.element, roots, depth - 1, known)
        case OneOf():
            return _any(value.alternatives, roots, depth, known)
    return None


def _any(values: tuple[Value | None, ...], roots: frozenset[int], depth: int, known: dict[int, bool | None]) -> bool | None:
    found = {_reaches(each, roots, depth - 1, known) for each in values[:8]}
    return True if True in found else False if False in found else None
