"""What is noted while the program runs, until it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torchlint.analysis.facts.checkpoints import CheckpointRead
from torchlint.analysis.facts.classes import ClassSettled
from torchlint.analysis.values.abstract import Value
from torchlint.analysis.values.site import Site


@dataclass(slots=True, eq=False)
class Pending:
    """Facts and parts of facts that wait for the rest of the program, or of the loop (see `analysis.notes`).

    `checkpoints` and `classes` are told when all was run. `repeated` says where a list that holds a thing was repeated, by the thing's store;
    `gathered` what outlives the round of a loop, `logits` what a loss takes as such, `thresholds` what is compared.
    """

    checkpoints: list[CheckpointRead] = field(default_factory=list)
    classes: list[ClassSettled] = field(default_factory=list)
    repeated: dict[int, tuple[Site, Value]] = field(default_factory=dict)
    gathered: list[Any] = field(default_factory=list)
    logits: dict[object, tuple[Site, Value]] = field(default_factory=dict)
    thresholds: list[Any] = field(default_factory=list)
