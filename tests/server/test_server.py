"""The language server, end to end, by pytest-lsp's client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types

from tests.server.client import SOFTMAX, Editor, capabilities, editor
from torchlint.diagnostic import Edit, Fix, Position, Span
from torchlint.fix.apply import fix_text

pytestmark = pytest.mark.asyncio
SHOW_PAGE = "torchlint.showPage"
PAGE = "https://github.com/torchlint/torchlint/blob/main/rules/softmax-before-cross-entropy.md"
BROKEN = SOFTMAX.replace("        x = x.mean((2, 3))", "        x = x.mean((2, 3)\n        y =")


def applied(edit: types.WorkspaceEdit | None, uri: str, text: str) -> str:
    """The text after an edit, for positions that count code points."""
    assert edit is not None and edit.document_changes is not None
    (change,) = [each for each in edit.document_changes if each.text_document.uri == uri]

    def ours(place: types.Position) -> Position:
        return Position(place.line + 1, place.character + 1)

    edits = tuple(Edit(Span(ours(each.range.start), ours(each.range.end)), each.new_text) for each in change.edits)
    return fix_text(text, [Fix("", edits)])[0]


async def test_a_problem_is_pushed_with_its_page_and_its_other_place(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX)
        (found,) = await here.pushed(here.uri("net.py"), ["TL401"])
        assert found.source == "torchlint"
        assert found.code_description is not None
        assert found.code_description.href.endswith("rules/softmax-before-cross-entropy.md")
        assert found.range.start == types.Position(15, 15)
        assert found.related_information
        assert found.related_information[0].location.range.start.line == 21


async def test_the_newest_text_wins(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX)
        here.write("net.py", SOFTMAX.replace("F.softmax(x, dim=1)", "x"))
        await here.pushed(here.uri("net.py"), [])
        here.write("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])


async def test_a_pull_answers_unchanged_by_its_result_id(tmp_path: Path) -> None:
    async with editor(tmp_path, capabilities(pull=True)) as here:
        here.open("net.py", SOFTMAX)
        first = await here.pull("net.py")
        assert [each.code for each in first.items] == ["TL401"]
        again = await here.pull("net.py", first.result_id)
        assert again.kind == "unchanged"
        here.write("net.py", SOFTMAX.replace("F.softmax(x, dim=1)", "x"))
        assert (await here.pull("net.py", first.result_id)).items == ()
        assert here.client.diagnostics == {}, "a client that pulls is not pushed to"


async def test_the_workspace_is_pulled_by_result_ids(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOFTMAX)
    (tmp_path / "clean.py").write_text("import torch\n")
    async with editor(tmp_path, capabilities(pull=True)) as here:
        first = await here.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
        found = {Path(each.uri).name: each for each in first.items}
        assert [each.code for each in found["net.py"].items] == ["TL401"]
        assert found["clean.py"].items == ()
        known = [types.PreviousResultId(each.uri, each.result_id) for each in first.items]
        gone = types.PreviousResultId(here.uri("gone.py"), "x")
        again = await here.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([*known, gone]))
        kinds = {Path(each.uri).name: each.kind for each in again.items}
        assert kinds == {"net.py": "unchanged", "clean.py": "unchanged", "gone.py": "full"}


async def test_unsaved_files_count_in_each_others_facts(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    model, train = SOFTMAX.split("\n\nnet = ")
    (tmp_path / "model.py").write_text(model.replace("F.softmax(x, dim=1)", "x"))
    (tmp_path / "train.py").write_text("")
    async with editor(tmp_path) as here:
        here.open("model.py", model)
        here.open("train.py", f"import torch\nfrom torch import nn\n\nfrom model import Net\n\nnet = {train}")
        (found,) = await here.pushed(here.uri("model.py"), ["TL401"])
        assert found.related_information
        assert found.related_information[0].location.uri == here.uri("train.py")
        here.write("train.py", "from model import Net\n")
        await here.pushed(here.uri("model.py"), [])


async def test_one_documents_edit_asks_a_pulling_client_to_pull_the_other_anew(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    model, train = SOFTMAX.split("\n\nnet = ")
    async with editor(tmp_path, capabilities(pull=True)) as here:
        here.open("model.py", model)
        here.open("train.py", f"import torch\nfrom torch import nn\nfrom model import Net\nnet = {train}")
        assert [each.code for each in (await here.pull("model.py")).items] == ["TL401"]
        here.write("train.py", "from model import Net\n")
        await here.pull("train.py")
        async with asyncio.timeout(10):
            while not here.client.diagnostic_refresh_count:
                await asyncio.sleep(0.01)
        assert (await here.pull("model.py")).items == ()


async def test_a_quick_fix_is_preferred_where_it_is_safe(tmp_path: Path) -> None:
    async with editor(tmp_path, capabilities(encodings=["utf-32"])) as here:
        here.open("net.py", SOFTMAX)
        fix = (await here.actions("net.py", 15))[0]
        assert fix.is_preferred
        assert fix.kind == types.CodeActionKind.QuickFix
        assert "return x\n" in applied(fix.edit, here.uri("net.py"), SOFTMAX)


async def test_ignore_on_this_line_silences_the_report(tmp_path: Path) -> None:
    async with editor(tmp_path, capabilities(encodings=["utf-32"])) as here:
        here.open("net.py", SOFTMAX)
        (ignore,) = [each for each in await here.actions("net.py", 15) if each.title.startswith("Ignore")]
        text = applied(ignore.edit, here.uri("net.py"), SOFTMAX)
        assert "dim=1)  # torchlint: ignore[softmax-before-cross-entropy]\n" in text
        here.write("net.py", text)
        await here.pushed(here.uri("net.py"), [])


async def test_fix_all_is_offered_for_source_actions_only_where_asked(tmp_path: Path) -> None:
    async with editor(tmp_path, capabilities(encodings=["utf-32"])) as here:
        here.open("net.py", SOFTMAX)
        (fix,) = await here.actions("net.py", 0, [types.CodeActionKind.SourceFixAll])
        assert fix.kind == "source.fixAll.torchlint"
        here.write("net.py", applied(fix.edit, here.uri("net.py"), SOFTMAX))
        await here.pushed(here.uri("net.py"), [])
        assert await here.actions("net.py", 0, [types.CodeActionKind.SourceFixAll]) == []


async def test_fix_all_is_worked_out_when_a_client_resolves_it(tmp_path: Path) -> None:
    able = capabilities(encodings=["utf-32"])
    assert able.text_document is not None
    able.text_document.code_action = types.CodeActionClientCapabilities(
        resolve_support=types.ClientCodeActionResolveOptions(["edit"])
    )
    async with editor(tmp_path, able) as here:
        here.open("net.py", SOFTMAX)
        (fix,) = await here.actions("net.py", 0, [types.CodeActionKind.SourceFixAll])
        assert fix.edit is None
        fix = await here.client.code_action_resolve_async(fix)
        assert "return x\n" in applied(fix.edit, here.uri("net.py"), SOFTMAX)


async def test_the_rules_page_is_shown_by_the_client(tmp_path: Path) -> None:
    able = capabilities()
    able.window = types.WindowClientCapabilities(show_document=types.ShowDocumentClientCapabilities(True))
    async with editor(tmp_path, able) as here:
        here.open("net.py", SOFTMAX)
        (title,) = await here.commands("net.py", 15)
        assert title == "Show the page of softmax-before-cross-entropy"
        await here.client.workspace_execute_command_async(types.ExecuteCommandParams(SHOW_PAGE, [PAGE]))
        async with asyncio.timeout(10):
            while not here.client.shown_documents:
                await asyncio.sleep(0.01)
        (shown,) = here.client.shown_documents
        assert shown.external and shown.uri.endswith("softmax-before-cross-entropy.md")


async def test_hover_on_a_report_says_the_pages_paragraph(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX)
        text = await here.hover("net.py", 15, 18)
        assert "**softmax-before-cross-entropy** (TL401)" in text
        assert "take logits" in text


async def test_hover_on_a_variable_says_its_facts(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX)
        text = await here.hover("net.py", 12, 8)
        assert "shape: `(8, 64, 32, 32)`" in text
        assert "requires_grad: `yes`" in text
        assert "`self.conv1`: Conv2d" in await here.hover("net.py", 12, 17)


async def test_hints_show_shapes_in_forward(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX.partition("\n\nnet = ")[0])
        assert await here.hints("net.py") == {12: "▸ (N, 64, H, W)", 13: "▸ (N, 64)", 14: "▸ (N, 10)"}
        assert await here.hints("net.py", last=12) == {12: "▸ (N, 64, H, W)"}


async def test_hints_can_be_switched_off_and_on(tmp_path: Path) -> None:
    async with editor(tmp_path, options={"inlayHints": False}) as here:
        here.open("net.py", SOFTMAX)
        assert await here.hints("net.py") is None
        change = types.DidChangeConfigurationParams({"torchlint": {"inlayHints": True}})
        here.client.workspace_did_change_configuration(change)
        assert set(await here.hints("net.py") or {}) == {12, 13, 14}


async def test_facts_outlast_a_syntax_error_and_move_with_their_lines(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX)
        assert set(await here.hints("net.py") or {}) == {12, 13, 14}
        here.write("net.py", BROKEN)
        await here.pushed(here.uri("net.py"), ["TL900"])
        assert await here.hints("net.py") == {12: "▸ (8, 64, 32, 32)", 15: "▸ (8, 10)"}
        assert "shape: `(8, 10)`" in await here.hover("net.py", 15, 8)


async def test_problems_wait_for_saving_where_that_is_set(tmp_path: Path) -> None:
    async with editor(tmp_path, options={"run": "onSave"}) as here:
        here.open("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])
        here.write("net.py", SOFTMAX.replace("F.softmax(x, dim=1)", "x"))
        assert "softmax" not in await here.hover("net.py", 15, 15), "what is asked for is answered by the newest text"
        assert [each.code for each in here.client.diagnostics[here.uri("net.py")]] == ["TL401"]
        here.client.text_document_did_save(types.DidSaveTextDocumentParams(here.identifier("net.py")))
        await here.pushed(here.uri("net.py"), [])


async def test_client_settings_choose_rules(tmp_path: Path) -> None:
    async with editor(tmp_path, options={"ignore": ["TL401"]}) as here:
        here.open("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), [])
        here.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({"ignore": []}))
        await here.pushed(here.uri("net.py"), ["TL401"])


async def test_each_folder_of_a_workspace_has_its_own_settings(tmp_path: Path) -> None:
    able = capabilities()
    assert able.workspace is not None
    able.workspace.configuration = True
    async with editor(tmp_path / "one", able, folders=[tmp_path / "one", tmp_path / "two"]) as here:
        here.client.set_configuration({"torchlint": {"ignore": ["TL401"]}}, scope_uri=(tmp_path / "two").as_uri())
        here.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
        here.open("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])
        here.open("../two/net.py", SOFTMAX)
        await here.pushed(here.uri("../two/net.py"), [])


async def test_folders_of_a_workspace_come_and_go(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "net.py").write_text(SOFTMAX)
    async with editor(tmp_path / "one", capabilities(pull=True)) as here:

        async def pulled() -> list[str]:
            answer = await here.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
            return sorted(each.uri for each in answer.items if each.items)

        assert await pulled() == [here.uri("net.py")]
        second = types.WorkspaceFolder((tmp_path / "two").as_uri(), "two")
        change = types.WorkspaceFoldersChangeEvent([second], [])
        here.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(change))
        assert await pulled() == [here.uri("net.py"), here.uri("../two/net.py")]


async def test_a_changed_configuration_file_counts_at_once(tmp_path: Path) -> None:
    (tmp_path / "torchlint.toml").write_text("")
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])
        (tmp_path / "torchlint.toml").write_text('ignore = ["TL401"]\n')
        event = types.FileEvent(here.uri("torchlint.toml"), types.FileChangeType.Changed)
        here.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        await here.pushed(here.uri("net.py"), [])


async def test_a_changed_requirement_counts_at_once(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch>=2.6\n")
    async with editor(tmp_path) as here:
        here.open("load.py", "import torch\n\nstate = torch.load('model.pt', map_location='cpu')\n")
        await here.pushed(here.uri("load.py"), [])
        (tmp_path / "requirements.txt").write_text("torch>=2.0\n")
        event = types.FileEvent(here.uri("requirements.txt"), types.FileChangeType.Changed)
        here.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        await here.pushed(here.uri("load.py"), ["TL605"])


async def test_a_wrong_configuration_is_told_and_the_default_holds(tmp_path: Path) -> None:
    (tmp_path / "torchlint.toml").write_text("selekt = []\n")
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])
        async with asyncio.timeout(10):
            while not here.client.messages:
                await asyncio.sleep(0.01)
        assert "did you mean `select`?" in here.client.messages[0].message


async def test_a_file_deleted_under_the_server_is_linted_as_it_is_open(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOFTMAX)
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])
        (tmp_path / "net.py").unlink()
        event = types.FileEvent(here.uri("net.py"), types.FileChangeType.Deleted)
        here.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        here.write("net.py", SOFTMAX.replace("F.softmax(x, dim=1)", "x"))
        await here.pushed(here.uri("net.py"), [])


async def test_what_is_closed_shows_nothing(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])
        here.client.text_document_did_close(types.DidCloseTextDocumentParams(here.identifier("net.py")))
        await here.pushed(here.uri("net.py"), [])


async def test_a_document_that_was_never_saved_is_linted(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        item = types.TextDocumentItem("untitled:Untitled-1", "python", 1, SOFTMAX)
        here.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await here.pushed("untitled:Untitled-1", ["TL401"])


async def test_an_excluded_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "torchlint.toml").write_text('exclude = ["generated"]\n')
    async with editor(tmp_path, capabilities(pull=True)) as here:
        here.open("generated/net.py", SOFTMAX)
        assert (await here.pull("generated/net.py")).items == ()


async def test_unused_suppressions_are_shown_as_unneeded(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("net.py", "import torch\n\nx = torch.ones(2)  # torchlint: ignore\n")
        (found,) = await here.pushed(here.uri("net.py"), ["TL902"])
        assert found.tags == (types.DiagnosticTag.Unnecessary,)


@pytest.mark.parametrize("name", ["visual_studio_code@1.65.2", "neovim@0.11.0", "neovim@0.7.0", "emacs@29.1"])
async def test_each_real_clients_capabilities_get_the_report(tmp_path: Path, name: str) -> None:
    able = capabilities(name)
    async with editor(tmp_path, able) as here:
        here.open("net.py", SOFTMAX)
        if able.text_document and able.text_document.diagnostic:
            assert [each.code for each in (await here.pull("net.py")).items] == ["TL401"]
        else:
            await here.pushed(here.uri("net.py"), ["TL401"])
        assert any("softmax" in each.title for each in await here.actions("net.py", 15))


def _cell(here: Editor, number: int) -> str:
    return f"vscode-notebook-cell:{(here.folder / 'net.ipynb').as_posix()}#W{number}"


async def test_a_notebooks_cells_are_one_program(tmp_path: Path) -> None:
    first, second = SOFTMAX.split("\n\nnet = ")
    pieces = ["%matplotlib inline\n" + first, "net = " + second]
    async with editor(tmp_path, capabilities(encodings=["utf-32"])) as here:
        cells = [types.NotebookCell(types.NotebookCellKind.Code, _cell(here, number)) for number in range(2)]
        notebook = types.NotebookDocument(here.uri("net.ipynb"), "jupyter-notebook", 1, cells)
        items = [types.TextDocumentItem(_cell(here, number), "python", 1, text) for number, text in enumerate(pieces)]
        here.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, items))
        (found,) = await here.pushed(_cell(here, 0), ["TL401"])
        assert found.range.start == types.Position(16, 15)
        assert found.related_information
        assert found.related_information[0].location.uri == _cell(here, 1)
        identifier = types.TextDocumentIdentifier(_cell(here, 0))
        where = types.CodeActionParams(identifier, found.range, types.CodeActionContext([]))
        actions = await here.client.text_document_code_action_async(where) or []
        fix = next(each for each in actions if each.is_preferred)
        assert "return x" in applied(fix.edit, _cell(here, 0), pieces[0])
        ignore = next(each for each in actions if each.title.startswith("Ignore"))
        assert "# torchlint: ignore[softmax" in applied(ignore.edit, _cell(here, 0), pieces[0])
        wanted = types.InlayHintParams(identifier, types.Range(types.Position(0, 0), types.Position(100, 0)))
        hints = await here.client.text_document_inlay_hint_async(wanted) or []
        assert next((hint.position.line, hint.label) for hint in hints) == (13, "▸ (8, 64, 32, 32)")
        text = types.NotebookDocumentCellContentChanges(
            types.VersionedTextDocumentIdentifier(2, _cell(here, 1)),
            [types.TextDocumentContentChangeWholeDocument("net = 1")],
        )
        change = types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(text_content=[text]))
        notebook_id = types.VersionedNotebookDocumentIdentifier(2, here.uri("net.ipynb"))
        here.client.notebook_document_did_change(types.DidChangeNotebookDocumentParams(notebook_id, change))
        await here.pushed(_cell(here, 0), [])
