"""What is kept from one edit to the next, and what a stale run leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.server.client import SOFTMAX
from torchlint.diagnostic import Diagnostic
from torchlint.lint.gate import lint_gated
from torchlint.lint.plugins import rules_in_force
from torchlint.own_rules import OWN_RULES
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.project.text import Text
from torchlint.server import diagnostics, trees
from torchlint.server import projects as server_projects
from torchlint.server.documents import Opened
from torchlint.server.projects import Checked, Projects, Stale
from torchlint.server.schedule import Schedule
from torchlint.server.settings import FolderSettings
from torchlint.syntax.tree import Tree

MODEL, _, TRAIN = SOFTMAX.partition("\n\nnet = ")
TRAIN = f"import torch\nfrom torch import nn\nfrom model import Net\nnet = {TRAIN}"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were parsed."""
    names: list[str] = []
    parse = trees.parse

    def noted(source: Source) -> Tree:
        names.append(Path(source.path).name)
        return parse(source)

    monkeypatch.setattr(trees, "parse", noted)
    return names


def _opened(texts: Mapping[Path, Text]) -> Opened:
    return Opened({str(path): text for path, text in texts.items()}, {})


def _codes(projects: Projects, opened: Opened) -> list[str]:
    found = projects.check_open(opened, FolderSettings(), lambda: None)
    return [each.code for checked in found for each in checked.found]


def test_an_edit_of_one_file_parses_that_file_alone(tmp_path: Path, parsed: list[str]) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    projects, model, train = Projects(), Text(MODEL), Text(TRAIN)
    assert _codes(projects, _opened({tmp_path / "model.py": model, tmp_path / "train.py": train})) == ["TL401"]
    assert sorted(parsed) == ["model.py", "train.py"]
    parsed.clear()
    edited = Text(f"{TRAIN}\n# more\n")
    assert _codes(projects, _opened({tmp_path / "model.py": model, tmp_path / "train.py": edited})) == ["TL401"]
    assert parsed == ["train.py"]


def test_what_stayed_the_same_on_the_disk_is_not_linted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linted: list[Program] = []

    def noted(program: Program, *rest: Any) -> list[Diagnostic]:
        linted.append(program)
        return lint_gated(program, *rest)

    monkeypatch.setattr(server_projects, "lint_gated", noted)
    configuration = tmp_path / "torchlint.toml"
    configuration.write_text("")
    projects, opened = Projects(), _opened({tmp_path / "net.py": Text(SOFTMAX)})
    assert _codes(projects, opened) == ["TL401"]
    projects.forget()
    assert _codes(projects, opened) == ["TL401"]
    assert len(linted) == 1
    configuration.write_text('ignore = ["TL401"]')
    projects.forget()
    assert _codes(projects, opened) == []


@pytest.mark.asyncio
async def test_what_is_asked_meanwhile_does_not_wait_for_the_workspace() -> None:
    schedule = Schedule(lambda: Opened({}, {}), FolderSettings, lambda reported: None, lambda error: None)
    runs: list[bool] = []

    def check_workspace(folders: object, opened: object, settings: object, pulse: Callable[[], None]) -> list[Checked]:
        runs.append(True)
        while len(runs) == 1:
            pulse()
        return []

    schedule.projects.check_workspace = check_workspace  # type: ignore[method-assign]
    workspace = asyncio.create_task(schedule.workspace([]))
    while not runs:
        await asyncio.sleep(0.01)
    assert await asyncio.wait_for(schedule.ask(lambda: "hover"), 10) == "hover"
    assert await asyncio.wait_for(workspace, 10) == {}
    assert len(runs) == 2
    schedule.close()


def test_a_new_import_makes_the_files_one_program(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    projects, model = Projects(), Text(MODEL)
    apart = Text(TRAIN.replace("from model import Net", "from elsewhere import Net"))
    assert _codes(projects, _opened({tmp_path / "model.py": model, tmp_path / "train.py": apart})) == []
    assert _codes(projects, _opened({tmp_path / "model.py": model, tmp_path / "train.py": Text(TRAIN)})) == ["TL401"]


def test_a_stale_run_ends_early_and_the_next_one_answers(tmp_path: Path) -> None:
    projects, opened = Projects(), _opened({tmp_path / "net.py": Text(SOFTMAX)})
    asked = 0

    def pulse() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise Stale

    with pytest.raises(Stale):
        projects.check_open(opened, FolderSettings(), pulse)
    assert asked == 3
    assert _codes(projects, opened) == ["TL401"]


def test_tags_are_given_by_names_of_rules() -> None:
    names = {each.name for each in (*rules_in_force(), *OWN_RULES)}
    assert names >= diagnostics.UNNECESSARY | diagnostics.DEPRECATED
