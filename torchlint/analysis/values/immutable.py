"""The decorator of what is made by the million and never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def immutable(cls: type[Made]) -> type[Made]:
    """A dataclass with slots that is equal to itself alone, and that type checkers take to be frozen.

    That it is not frozen at run time is for speed: a frozen one sets each field through `object.__setattr__`.
    """
    return dataclass(slots=True, eq=False)(cls)
