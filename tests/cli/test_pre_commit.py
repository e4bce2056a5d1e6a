"""The hooks, run by pre-commit itself in a small repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import REPOSITORY

_LEFT_OUT = shutil.ignore_patterns(".*cache", "__pycache__", ".git", ".venv", "venv", "node_modules", "build", "dist", "site")


def run(folder: Path, *command: object, code: int = 0, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, env={**os.environ, **environment}, timeout=900
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def commit_all(folder: Path) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false")
    run(folder, "git", "init", "-q")
    run(folder, "git", "add", "-A")
    run(folder, "git", *identity, "commit", "-q", "-m", "All")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as a repository of hooks, whatever its own git knows of it."""
    folder = tmp_path_factory.mktemp("hooks") / "torchlint"
    shutil.copytree(REPOSITORY, folder, ignore=_LEFT_OUT)
    commit_all(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("x = 1  # noqa: TL401\n")
    (folder / "notes.txt").write_text("x = 1  # noqa: TL401\n")
    (folder / "torchlint.toml").write_text('extend-exclude = ["old"]\n')
    (folder / "old").mkdir()
    (folder / "old" / "skipped.py").write_text("x = 1  # noqa: TL401\n")
    commit_all(folder)
    return folder


def test_hooks_report_and_fix(hooks: Path, project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = {"PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("home")), "PYTHONPATH": ""}
    pre_commit = (sys.executable, "-m", "pre_commit", "try-repo", hooks)
    found = run(project, *pre_commit, "torchlint", "--all-files", code=1, **home)
    assert "train.py:1:8: TL902 unused-suppression" in found
    assert "Found 1 problem in 1 file." in found

    fixed = run(project, *pre_commit, "torchlint-fix", "--all-files", code=1, **home)
    assert "files were modified by this hook" in fixed
    assert (project / "train.py").read_text() == "x = 1\n"
    assert "noqa" in (project / "old" / "skipped.py").read_text()

    assert "Passed" in run(project, *pre_commit, "torchlint", "--all-files", **home)
