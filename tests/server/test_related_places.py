"""What is said at a problem's primary place counts where the editor shows it; no problem is shown twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types

from tests.cli.test_related_places import MODEL, SILENT_MODEL, SILENT_TRAIN, TRAIN
from tests.server.client import Editor, capabilities, editor

pytestmark = pytest.mark.asyncio


def project(folder: Path, model: str = MODEL, configuration: str = "") -> None:
    (folder / "pyproject.toml").write_text(f"[tool.torchlint]\n{configuration}")
    (folder / "model.py").write_text(model)
    (folder / "train.py").write_text(TRAIN)


async def pulled(here: Editor, name: str) -> list[tuple[str, int]]:
    return [(each.code, each.range.start.line + 1) for each in (await here.pull(name)).items]


async def workspace(here: Editor) -> dict[str, list[str]]:
    answer = await here.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
    return {Path(each.uri).name: [one.code for one in each.items] for each in answer.items}


@pytest.mark.parametrize("pull", [False, True])
@pytest.mark.parametrize(
    ("model", "configuration", "codes"),
    [
        (MODEL, "", ["TL401"]),
        (SILENT_MODEL, "", []),
        (MODEL, 'per-file-ignores = { "model.py" = ["TL401"] }', []),
        (MODEL, 'per-file-ignores = { "train.py" = ["TL401"] }', []),
    ],
    ids=["shown", "comment", "ignored", "ignored where it is shown"],
)
async def test_the_primary_place_decides_while_only_the_related_file_is_open(
    tmp_path: Path, pull: bool, model: str, configuration: str, codes: list[str]
) -> None:
    project(tmp_path, model, configuration)
    async with editor(tmp_path, capabilities(pull=pull)) as here:
        here.open("train.py", TRAIN)
        if pull:
            assert [code for code, _ in await pulled(here, "train.py")] == codes
        else:
            await here.pushed(here.uri("train.py"), codes)


async def test_an_unsaved_comment_at_the_primary_place_counts(tmp_path: Path) -> None:
    project(tmp_path)
    async with editor(tmp_path) as here:
        here.open("train.py", TRAIN)
        await here.pushed(here.uri("train.py"), ["TL401"])
        here.open("model.py", MODEL)
        await here.pushed(here.uri("model.py"), ["TL401"])
        await here.pushed(here.uri("train.py"), [])
        here.write("model.py", SILENT_MODEL)
        await here.pushed(here.uri("model.py"), [])
        here.write("train.py", SILENT_TRAIN)
        await here.pushed(here.uri("train.py"), [])


async def test_a_client_that_pulls_the_workspace_is_told_once_at_the_primary_place(tmp_path: Path) -> None:
    project(tmp_path)
    async with editor(tmp_path, capabilities(pull=True)) as here:
        here.open("train.py", TRAIN)
        assert await pulled(here, "train.py") == [("TL401", 5)]
        assert await workspace(here) == {"model.py": ["TL401"], "train.py": []}
        async with asyncio.timeout(10):
            while not here.client.diagnostic_refresh_count:
                await asyncio.sleep(0.01)
        assert await pulled(here, "train.py") == []
        assert await here.actions("train.py", 4) == []


async def test_ignore_on_this_line_silences_it_where_it_is_shown(tmp_path: Path) -> None:
    project(tmp_path)
    async with editor(tmp_path) as here:
        here.open("train.py", TRAIN)
        (ignore,) = await here.actions("train.py", 4)
        assert ignore.title == "Ignore softmax-before-cross-entropy on this line"
        here.write("train.py", SILENT_TRAIN)
        await here.pushed(here.uri("train.py"), [])
