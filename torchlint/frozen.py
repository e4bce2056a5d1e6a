"""Frozen dataclasses that are made as fast as plain ones: the type checker guards them, not each construction.

A frozen class of the standard library sets each field by a call, which takes most of the time of making one.
"""

from __future__ import annotations

from dataclasses import dataclass as plain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool = False, eq: bool = True, **options: Any) -> Any:
        """`dataclasses.dataclass`; what is frozen is so to the type checker alone, and hashed as frozen classes are."""

        def make(cls: type) -> type:
            own = vars(cls).get("__hash__") is not None
            return plain(cls, eq=eq, unsafe_hash=frozen and eq and not own, **options)

        return make
