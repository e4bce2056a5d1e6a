"""A command line to call, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Outcome:
    code: int
    out: str
    err: str


@dataclass
class Torchlint:
    """torchlint as a person calls it, in a folder and with a cache of its own."""

    folder: Path

    def __call__(self, *arguments: object, stdin: bytes | None = None, **environment: str) -> Outcome:
        cache = {"TORCHLINT_CACHE_DIR": str(self.folder / ".cache")}
        return call(*arguments, folder=self.folder, stdin=stdin, **cache | environment)


def call(*arguments: object, folder: Path, stdin: bytes | None = None, **environment: str) -> Outcome:
    """Run torchlint as a person does: a process of its own."""
    variables = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    done = subprocess.run(
        [sys.executable, "-m", "torchlint", *map(str, arguments)],
        cwd=folder,
        input=stdin,
        capture_output=True,
        env=variables | {"PYTHONPATH": str(REPOSITORY), "PYTHONUTF8": "1"} | environment,
        timeout=120,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def torchlint(tmp_path: Path) -> Torchlint:
    return Torchlint(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file below the test's folder."""

    def make(name: str, content: str | bytes = "") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make
