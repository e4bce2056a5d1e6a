"""What happens in a training or evaluation pass, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from torchlint.semantics.site import Site
from torchlint.semantics.values import Value

EventKind = Literal[
    "model",
    "loss",
    "backward",
    "zero_grad",
    "step",
    "scheduler",
    "clip",
    "train",
    "eval",
    "gradient",
    "optimizer",
    "opaque",
    "scale",
]


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One step of a pass.

    `subject` is what it happens to (the model, optimizer or loss). `grad` says whether a graph was
    being built, `training` the model's mode, both None where unknown. `arms` are the conditional
    arms that it stands in, outermost first.
    """

    kind: EventKind
    site: Site
    subject: Value
    grad: bool | None
    arms: tuple[int, ...]
    training: bool | None = None
    arguments: tuple[Value, ...] = ()
    result: Value | None = None
    call: Site | None = None

    def rebased(self, base: int, arms: tuple[int, ...]) -> Event:
        """The same event in another place: its first `base` arms replaced."""
        return replace(self, arms=arms + self.arms[base:])
