"""How far containers unfold: what holds the same thing twice on each of forty levels is small, and what it unfolds to is not.

Whatever goes through containers goes through all that they unfold to, so those that are bound to a name never unfold
to more than `MOST_PARTS` things and never lie deeper than `DEEPEST` in one another.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from torchlint.analysis.values.abstract import UNKNOWN, Dict, Frame, Iteration, List, OneOf, Tuple, Value
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS, Store

MOST_PARTS = 10_000
DEEPEST = 32
_CONTAINERS = (Tuple, List, Dict, Iteration)


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
    found = 0
    level: list[Value] = [each for each in values if isinstance(each, (*_CONTAINERS, OneOf))]
    for _ in range(DEEPEST):
        inner: list[Value] = []
        for each in level:
            if into is not None and isinstance(each, List | Dict) and each.store is into:
                return True
            held = _held(each)
            found += len(held)
            if found > MOST_PARTS:
                return True
            inner.extend(one for one in held if isinstance(one, (*_CONTAINERS, OneOf)))
        if not inner:
            return False
        level = inner
    return True


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
