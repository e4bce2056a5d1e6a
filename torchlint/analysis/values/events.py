"""What happens in a training or evaluation pass, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from torchlint.analysis.values.abstract import Function, Value
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site

if TYPE_CHECKING:
    from torchlint.analysis.values.abstract import Frame

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
    "end",
    "recurrent",
    "mode",
    "loader",
]


@dataclass(slots=True, eq=False)
class LoopRun:
    """One run of a loop: what it goes over, and how many rounds it makes where that is known.

    `mark` is the length of the trail's log when it began; `by_number`: it goes over what it does by index.
    """

    site: Site
    frame: Frame
    iterated: Value | None
    count: int | None
    arms: tuple[int, ...]
    mark: int
    by_number: bool = False


@immutable
class Round:
    """One round of a run of a loop."""

    loop: LoopRun
    number: int


@immutable
class Event:
    """One step of a pass.

    `subject` is what it happens to (the model, optimizer or loss). `grad` says whether a graph was
    being built, `training` the model's mode, both None where unknown. `arms` are the conditional
    arms that it stands in, outermost first, `rounds` the rounds of loops, callers' loops included.
    "end" is where gradients of a model's output end: `item()`, `argmax`, a comparison, NumPy;
    "mode" is a change to a mode that is not known, "gradient" asks for gradients in other ways than backward.
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
    rounds: tuple[Round, ...] = ()
    frame: Frame | None = field(default=None, repr=False)

    @property
    def unseen(self) -> bool:
        """Whether a function of the program is called that was not run, for want of budget: it may do anything."""
        return self.kind == "opaque" and isinstance(self.subject, Function)

    def rebased(self, base: int, arms: tuple[int, ...], inside: int, rounds: tuple[Round, ...]) -> Event:
        """The same event in another place: its first `base` arms and `inside` rounds replaced."""
        return Event(
            self.kind, self.site, self.subject, self.grad, arms + self.arms[base:], self.training, self.arguments, self.result, self.call,
            rounds + self.rounds[inside:], self.frame,
        )  # fmt: skip
