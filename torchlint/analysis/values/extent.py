"""How far containers unfold: what holds the same thing twice on each of forty levels is small, and what it unfolds to is not.

Whatever goes through containers goes through all that they unfold to, so those that are bound to a name never unfold
to more than `MOST_PARTS` things and never lie deeper than `DEEPEST` in one another.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TypeAlias

from torchlint.analysis.values.abstract import UNKNOWN, Dict, Frame, Iteration, List, OneOf, Tuple, Value
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS, Store

MOST_PARTS = 5_000
DEEPEST = 32
_CONTAINERS = (Tuple, List, Dict, Iteration)
_HOLDERS = (*_CONTAINERS, OneOf)
_Extent: TypeAlias = tuple[int, int]
_ENDLESS: _Extent = (MOST_PARTS + 1, DEEPEST)


def within_bounds(value: Value, frame: Frame, node: ast.AST) -> Value:
    """The value, or a container of its kind of which nothing is known where it unfolds too far."""
    if not isinstance(value, _CONTAINERS) or not unfolds_too_far((value,)):
        return value
    site = frame.site(node)
    match value:
        case Dict():
            return Dict({ENTRIES: None, ELEMENT: UNKNOWN}, site)
        case Iteration():
            return Iteration(UNKNOWN)
    return List({ITEMS: None, ELEMENT: UNKNOWN}, site)


def unfolds_too_far(values: Iterable[Value], into: Store | None = None) -> bool:
    """Whether values unfold to more than is gone through, or hold a container themselves that they are put into."""
    known: dict[int, _Extent] = {}
    if into is not None:
        known[id(into)] = _ENDLESS
    return any(_extent(each, known, DEEPEST)[1] >= DEEPEST for each in values if isinstance(each, _HOLDERS))


def _extent(value: Value, known: dict[int, _Extent], left: int) -> _Extent:
    """To how many parts a value unfolds, and how deep they lie; what it holds several times is looked at once."""
    key = id(value.store) if isinstance(value, List | Dict) else id(value)
    if key in known:
        return known[key]
    # What holds itself has no end.
    known[key] = _ENDLESS
    if not left:
        return _ENDLESS
    parts, depth = 1, 0
    for each in _held(value):
        if isinstance(each, _HOLDERS):
            inner = _extent(each, known, left - 1)
            parts, depth = parts + inner[0], max(depth, inner[1] + 1)
        else:
            parts += 1
        if parts > MOST_PARTS or depth >= DEEPEST:
            return _ENDLESS
    known[key] = parts, depth
    return parts, depth


def _held(value: Value) -> tuple[Value, ...]:
    match value:
        case Tuple():
            return value.items
        case Iteration():
            return (value.element,)
        case OneOf():
            return value.alternatives
        case List() | Dict():
            items, entries = value.store.get(ITEMS), value.store.get(ENTRIES)
            counted = items if isinstance(items, tuple) else tuple(entries.values()) if isinstance(entries, dict) else ()
            element = value.store.get(ELEMENT)
            return (*counted, element) if isinstance(element, Value) else counted
    return ()
