"""Random programs, interpreted and run: what the interpreter claims to know, torch must confirm."""

from __future__ import annotations

import sys

import pytest
import torch

from tests.analysis.agreement import compare
from tests.analysis.programs import generate

PROGRAMS = 2_000
PARTS = 8


@pytest.fixture(autouse=True)
def room() -> None:
    torch.set_num_threads(1)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 12_000))


@pytest.mark.parametrize("part", range(PARTS))
def test_no_known_fact_disagrees_with_torch(part: int, record_property: pytest.RecordProperty) -> None:
    possible = known = 0
    for seed in range(part, PROGRAMS, PARTS):
        program = generate(seed)
        seen = compare(program)
        assert not seen.wrong, "\n".join((f"seed {seed}", *program.lines, *seen.wrong))
        possible += seen.possible
        known += seen.known
    record_property("share of facts known", known / possible)
    print(f"share of facts known: {known / possible:.1%} of {possible}")
    assert known / possible > 0.9, "what is right but unknown finds nothing"
