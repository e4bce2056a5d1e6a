"""TL412: a training step in the wrong order: the optimizer works with stale, zero or unclipped gradients."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.passes import OutOfOrder
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_MESSAGES = {
    "erased": (
        "the gradients are emptied between `backward()` and `step()`: nothing is learned; call `zero_grad()` before `backward()`",
        "the gradients are computed here",
    ),
    "early": (
        "`step()` comes right after the gradients were emptied and before `backward()`: nothing is learned; step after `backward()`",
        "the gradients are computed here",
    ),
    "clip early": ("gradients are clipped before `backward()` computes them: nothing is clipped; clip between `backward()` and `step()`", "here"),
    "clip late": ("gradients are clipped after `step()` has used them; clip between `backward()` and `step()`", "the step is taken here"),
    "scheduler": (
        "the scheduler steps before the optimizer does: the first learning rate is never used; call it after `optimizer.step()`",
        "the optimizer steps here",
    ),
}


@rule("TL412", words=("step",))
def step_order(order: OutOfOrder) -> Iterator[Finding]:
    message, other = _MESSAGES[order.kind]
    yield order.flag(message, related=((order.other.site, other),))
