"""Copies of values, and of all that they hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torchlint.analysis.library.handlers import LibraryCall, handles
from torchlint.analysis.values.abstract import TRUE, UNKNOWN, Dict, Instance, List, Tensor, Value
from torchlint.analysis.values.checkpoints import is_state
from torchlint.analysis.values.store import COPIED, Store

# How many objects a deep copy may have.
_MOST_COPIED = 2048


@handles("copy.deepcopy")
def _deepcopy(call: LibraryCall) -> Value:
    return _Copying({}).value(call.positional[0], 0) if call.positional else UNKNOWN


@handles("copy.copy")
def _copy(call: LibraryCall) -> Value:
    positional = call.positional
    return positional[0] if positional and is_state(positional[0]) else _deepcopy(call)


@dataclass(frozen=True, slots=True)
class _Copying:
    """A deep copy in the making: `made` are the copies of stores, since what is shared stays shared."""

    made: dict[int, Store]

    def value(self, value: Value, depth: int) -> Value:
        if depth > 12:
            return UNKNOWN
        match value:
            case Instance() | List() | Dict():
                if id(value.store) not in self.made and len(self.made) >= _MOST_COPIED:
                    return UNKNOWN
                return replace(value, store=self.store(value, depth))
            case Tensor():
                return replace(value, op="deepcopy", inputs=(value,))
        return value

    def store(self, value: Instance | List | Dict, depth: int) -> Store:
        known = self.made.get(id(value.store))
        if known is None:
            known = self.made[id(value.store)] = type(value.store)()
            known.update({key: self.slot(held, depth + 1) for key, held in value.store.items()})
            if isinstance(value, Instance):
                known[COPIED] = TRUE
        return known

    def slot(self, held: Any, depth: int) -> Any:
        if isinstance(held, Value):
            return self.value(held, depth)
        if isinstance(held, tuple):
            return tuple(self.slot(each, depth) for each in held)
        if isinstance(held, dict):
            return {key: self.slot(each, depth) for key, each in held.items()}
        return held
