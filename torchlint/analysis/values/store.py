"""The stores that hold what changes while a program is run; only the trail writes to them.

A store maps a program's own names (`str`) to values, and slots to what the interpreter knows besides: no name that a
program can write is a slot.
"""

from __future__ import annotations

from typing import Any, Final

Store = dict[Any, Any]


class Locals(Store):
    """The names of a running function: writes to these are not counted, since they end with it."""

    __slots__ = ()


class ModuleStore(Store):
    """The store of an nn.Module: writes to these are counted apart, since `forward` depends on no other object."""

    __slots__ = ()


class Slot:
    """A key of a store beside the program's names; each is itself alone."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


# What a container holds: a tuple of values, or None where their number is not known; a dict by constant keys, or None;
# then the join of what it holds, all that was ever put in, and the last element, which outlives joins in which the others are lost.
ITEMS: Final = Slot("items")
ENTRIES: Final = Slot("entries")
ELEMENT: Final = Slot("element")
SEEN: Final = Slot("seen")
LAST: Final = Slot("last")
# A function that something else will call, once or often, changes it.
CHANGED_LATER: Final = Slot("changed later")

# Of an object: code that is not read has it; its `__init__` was run, or may have been; attributes are set under names
# that are not known; it is a copy; states that it was given on some way.
ESCAPED: Final = Slot("escaped")
INITIALIZED: Final = Slot("initialized")
SET_BY_NAME: Final = Slot("set by name")
COPIED: Final = Slot("copied")
KEPT: Final = Slot("kept")

# Of a module: where it is, its dtype, whether parameters are frozen (some, or all of them), whether its weights come
# from a file, whether it is scripted, whether its mode was set, and the layers that were registered at which places.
DEVICE: Final = Slot("device")
CAST: Final = Slot("cast")
FROZEN: Final = Slot("frozen")
FIXED: Final = Slot("fixed")
FROM_FILE: Final = Slot("from file")
SCRIPTED: Final = Slot("scripted")
MODED: Final = Slot("moded")
# The entry in which a module's mode was last set.
MODE_SET_IN: Final = Slot("mode set in")
SITES: Final = Slot("sites")
# Of an object of a class that is not read: its methods show that it is a module; its gradients were set to zero.
IS_MODULE: Final = Slot("is a module")
ZEROED: Final = Slot("zeroed")

# Of a state dict: it was saved or copied; of a module or optimizer, when it was last stepped.
SAVED: Final = Slot("saved")
STEPPED: Final = Slot("stepped")

# Of a loader or dataset: it was gone through in a loop, or drawn from for a look; which part of a split it is.
GONE_THROUGH: Final = Slot("gone through")
DRAWN: Final = Slot("drawn")
SPLIT: Final = Slot("split")
