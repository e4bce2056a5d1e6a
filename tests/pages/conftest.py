from __future__ import annotations

from collections.abc import Iterator

import pytest

from torchlint.evidence.torch_process import TorchProcess


@pytest.fixture(scope="session")
def torch_process() -> Iterator[TorchProcess]:
    with TorchProcess() as started:
        yield started
