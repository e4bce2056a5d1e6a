"""What a call came to, kept for the next one with the same arguments."""

from __future__ import annotations

from dataclasses import dataclass

from torchlint.analysis.values.abstract import Value
from torchlint.analysis.values.events import Event


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to, kept for the next call with the same arguments; `taken` are those that turned out to be tensors.

    `given` are the arguments: they are told apart by identity, which nothing else may have while this is kept.
    """

    version: int
    module_version: int
    result: Value
    events: tuple[Event, ...]
    base: int
    inside: int
    layer_grads: frozenset[bool | None]
    taken: frozenset[str]
    given: tuple[Value, ...]
