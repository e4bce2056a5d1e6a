"""What a container holds, in whatever number."""

from __future__ import annotations

from typing import TypeGuard

from torchlint.analysis.values.abstract import UNKNOWN, Dict, Instance, Iteration, List, OneOf, Tuple, Value
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS, SEEN
from torchlint.analysis.values.trail import Trail

# Of how many things a container may remember that it came to hold them.
MOST_SEEN = 256


def held_in(value: Value) -> list[Value]:
    """What a container holds or may hold, as far as that is known: a dict's values, not its keys."""
    match value:
        case OneOf():
            return [held for each in value.alternatives for held in held_in(each)]
        case Tuple():
            return list(value.items)
        case Iteration():
            return [value.element]
        case List() | Dict() | Instance():
            counted = value.store.get(ITEMS), value.store.get(ENTRIES)
            if isinstance(counted[0], tuple):
                return list(counted[0])
            if isinstance(counted[1], dict):
                return list(counted[1].values())
            seen = value.store.get(SEEN, ())
            # What is noted one by one, and not cut off, is all that the joined element stands for.
            whole = 0 < len(seen) < MOST_SEEN
            return [*seen, *([value.store[ELEMENT]] if ELEMENT in value.store and not whole else ())]
    return [UNKNOWN]




def contents_change(trail: Trail, value: Value) -> None:
    """Nothing is known any more of what a container holds, and how much; it remembers what it came to hold."""
    if isinstance(value, List) or holds_items(value):
        value.store.setdefault(SEEN, held_in(value))
        trail.set(value.store, ITEMS, None)
        trail.set(value.store, ELEMENT, UNKNOWN)
    elif isinstance(value, Dict):
        value.store.setdefault(SEEN, held_in(value))
        trail.set(value.store, ENTRIES, None)
        trail.set(value.store, ELEMENT, UNKNOWN)


def holds_items(value: object) -> TypeGuard[Instance]:
    """Whether a value is an object of a library that has items: a ModuleList."""
    return isinstance(value, Instance) and isinstance(value.store.get(ITEMS), tuple)
