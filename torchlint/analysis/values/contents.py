"""What a container holds, in whatever number."""

from __future__ import annotations

from torchlint.analysis.values.abstract import UNKNOWN, Dict, Instance, Iteration, List, OneOf, Tuple, Value
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS, SEEN

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


