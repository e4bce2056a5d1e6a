from __future__ import annotations

from collections.abc import Iterator

import pytest

from torchlint.laboratory import Laboratory


@pytest.fixture(scope="session")
def laboratory() -> Iterator[Laboratory]:
    with Laboratory() as started:
        yield started
