"""TL422: a hidden state carries the graph of all batches before from one batch to the next."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.passes import StateCarried
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL422", words=("backward",))
def recurrent_state_kept(state: StateCarried) -> Iterator[Finding]:
    if state.attached:
        yield state.flag(
            "the state comes from the last batch with its graph: `backward()` walks into a graph that is freed already "
            "(or grows with every batch); pass it on detached",
            fix=state.detached,
        )
