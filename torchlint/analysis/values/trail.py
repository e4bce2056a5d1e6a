"""Branching state: every write to a store is noted, so that an arm can be undone and joined.

A change is cheap, and a join costs what the arms changed, not what the program holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torchlint.analysis.values.store import Locals, ModuleStore, Store

Delta = dict[tuple[int, Any], tuple[Store, Any]]

MISSING: Any = object()


class Trail:
    """The log of writes to stores since the interpretation began.

    `version` counts the writes to objects (locals left out): while it stands still, what a function
    computed from the same arguments is still what it computes; `module_version` counts those to modules.
    """

    def __init__(self) -> None:
        self.log: list[tuple[Store, Any, Any, bool]] = []
        self.version = 0
        self.module_version = 0

    def set(self, store: Store, key: Any, value: Any) -> None:
        old = store.get(key, MISSING)
        if old is value:
            return
        of_object = type(store) is not Locals
        self.log.append((store, key, old, of_object))
        store[key] = value
        if of_object:
            self._count(store)

    def _count(self, store: Store) -> None:
        """Count a write to an object."""
        self.version += 1
        if type(store) is ModuleStore:
            self.module_version += 1

    def set_local(self, store: Store, key: Any, value: Any) -> None:
        """Write to a frame's locals."""
        self.log.append((store, key, store.get(key, MISSING), False))
        store[key] = value

    def delete(self, store: Store, key: Any) -> None:
        if key in store:
            of_object = type(store) is not Locals
            self.log.append((store, key, store.pop(key), of_object))
            if of_object:
                self._count(store)

    def restore(self, store: Store, key: Any, value: Any, of_object: bool) -> None:
        """Bind a name again to what it was bound to before, or (MISSING) to nothing."""
        old = store.get(key, MISSING)
        if old is value:
            return
        self.log.append((store, key, old, of_object))
        self.version += of_object
        if value is MISSING:
            del store[key]
        else:
            store[key] = value

    def mark(self) -> int:
        return len(self.log)

    def delta(self, mark: int) -> Delta:
        """What differs now from the state at `mark`, by slot."""
        changed: Delta = {}
        if mark == len(self.log):
            return changed
        for store, key, _, _ in self.log[mark:]:
            slot = (id(store), key)
            if slot not in changed:
                changed[slot] = (store, store.get(key, MISSING))
        return changed

    def undo(self, mark: int) -> None:
        """Back to the state at `mark`."""
        log = self.log
        if len(log) == mark:
            return
        for store, key, old, of_object in reversed(log[mark:]):
            if old is MISSING:
                store.pop(key, None)
            else:
                store[key] = old
            if of_object:
                self._count(store)
        del log[mark:]

    def apply(self, delta: Delta) -> None:
        for (_, key), (store, value) in delta.items():
            if value is MISSING:
                self.delete(store, key)
            else:
                self.set(store, key, value)

    def merge(self, deltas: Sequence[Delta], join: Callable[[Any, Any], Any]) -> None:
        """Join the outcomes of several arms; the state must be as it was before them."""
        if len(deltas) == 1:
            self.apply(deltas[0])
            return
        slots: Delta = {}
        for delta in deltas:
            slots.update(delta)
        if not slots:
            return
        known: dict[tuple[int, int], Any] = {}

        def joined_once(left: Any, right: Any) -> Any:
            """Two names of one thing stay names of one thing."""
            pair = (id(left), id(right))
            found = known.get(pair)
            if found is None:
                found = known[pair] = (join(left, right), left, right)
            return found[0]

        for slot, (store, _) in slots.items():
            key = slot[1]
            before = store.get(key, MISSING)
            joined: Any = MISSING
            for delta in deltas:
                changed = delta.get(slot)
                value = before if changed is None else changed[1]
                if joined is MISSING:
                    joined = value
                elif value is not MISSING and value is not joined:
                    joined = joined_once(joined, value)
            if joined is not MISSING and joined is not before:
                self.set(store, key, joined)
