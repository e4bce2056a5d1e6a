"""The inferred shapes are torch's, for every layer and function, and what torch refuses is refused."""

from __future__ import annotations

from random import Random

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.shapes.cases import CASES
from tests.shapes.proof import Case, check

torch.set_num_threads(1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@settings(
    max_examples=20,
    phases=[Phase.generate, Phase.shrink],
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32))
def test_the_inferred_shape_is_torchs(case: Case, seed: int) -> None:
    random = Random(f"{case.name} {seed}")
    for _ in range(10):
        check(case, random)
