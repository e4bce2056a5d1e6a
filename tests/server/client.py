"""A client (pytest-lsp's) and a server of its own in a process."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

REPOSITORY = Path(__file__).parents[2]
SECONDS = 30

SOFTMAX = """\
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, padding=1)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = x.mean((2, 3))
        x = self.fc(x)
        return F.softmax(x, dim=1)


net = Net()
criterion = nn.CrossEntropyLoss()
images, labels = torch.randn(8, 3, 32, 32), torch.zeros(8, dtype=torch.long)
loss = criterion(net(images), labels)
"""


def capabilities(
    name: str | None = None, encodings: Sequence[str] | None = None, pull: bool = False
) -> types.ClientCapabilities:
    """A real client's capabilities by pytest-lsp's name for it, or those of a plain client that is pushed to."""
    if name is not None:
        return client_capabilities(name)
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind(each) for each in encodings] if encodings else None
        ),
        text_document=types.TextDocumentClientCapabilities(
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(related_information=True),
            diagnostic=types.DiagnosticClientCapabilities() if pull else None,
            hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
        ),
        workspace=types.WorkspaceClientCapabilities(
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True),
        ),
    )


@dataclass
class Editor:
    """What a person does in an editor, and what the editor then shows."""

    client: LanguageClient
    folder: Path
    versions: dict[str, int] = field(default_factory=dict)
    initialized: types.InitializeResult | None = None

    def uri(self, name: str) -> str:
        return Path(os.path.abspath(self.folder / name)).as_uri()

    def identifier(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))

    def open(self, name: str, text: str) -> None:
        self.versions[name] = 1
        item = types.TextDocumentItem(self.uri(name), "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def write(self, name: str, text: str) -> None:
        self.versions[name] += 1
        identifier = types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))

    async def pull(self, name: str, previous: str | None = None) -> Any:
        params = types.DocumentDiagnosticParams(self.identifier(name), previous_result_id=previous)
        return await asyncio.wait_for(self.client.text_document_diagnostic_async(params), SECONDS)

    async def pushed(self, uri: str, codes: Sequence[str]) -> Sequence[types.Diagnostic]:
        """The diagnostics of a document as soon as they have just these codes."""
        async with asyncio.timeout(SECONDS):
            while [each.code for each in self.client.diagnostics.get(uri, [types.Diagnostic(_NOWHERE, "")])] != list(codes):
                await asyncio.sleep(0.01)
        return self.client.diagnostics[uri]

    async def hover(self, name: str, line: int, character: int) -> str:
        params = types.HoverParams(self.identifier(name), types.Position(line, character))
        answer = await asyncio.wait_for(self.client.text_document_hover_async(params), SECONDS)
        return "" if answer is None else answer.contents.value

    async def hints(self, name: str, last: int = 100_000) -> dict[int, str] | None:
        wanted = types.Range(types.Position(0, 0), types.Position(last, 0))
        params = types.InlayHintParams(self.identifier(name), wanted)
        answer = await asyncio.wait_for(self.client.text_document_inlay_hint_async(params), SECONDS)
        return None if answer is None else {hint.position.line: hint.label for hint in answer}

    async def actions(
        self, name: str, line: int, only: list[types.CodeActionKind | str] | None = None
    ) -> list[types.CodeAction]:
        """The actions on a line that edit the text."""
        answer = await self._actions(name, line, only)
        return [each for each in answer if isinstance(each, types.CodeAction)]

    async def commands(self, name: str, line: int) -> list[str]:
        """The titles of the actions on a line that are commands (lsprotocol reads them as bare commands)."""
        return [each.title for each in await self._actions(name, line, None) if isinstance(each, types.Command)]

    async def _actions(self, name: str, line: int, only: Any) -> Sequence[types.CodeAction | types.Command]:
        where = types.Range(types.Position(line, 0), types.Position(line, 1000))
        params = types.CodeActionParams(self.identifier(name), where, types.CodeActionContext([], only))
        return await asyncio.wait_for(self.client.text_document_code_action_async(params), SECONDS) or []


_NOWHERE = types.Range(types.Position(0, 0), types.Position(0, 0))


@asynccontextmanager
async def editor(
    folder: Path, able: types.ClientCapabilities | None = None, options: Any = None, folders: Sequence[Path] = ()
) -> AsyncIterator[Editor]:
    """An editor with a folder open, or with several, and its server; at the end the server has left with exit code 0."""
    folder.mkdir(exist_ok=True)
    client = make_test_lsp_client()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    await client.start_io(sys.executable, "-m", "torchlint", "server", cwd=folder, env=environment)
    opened = Editor(client, folder)
    opened.initialized = await client.initialize_session(
        types.InitializeParams(
            capabilities=able or capabilities(),
            root_uri=folder.as_uri(),
            workspace_folders=[types.WorkspaceFolder(each.as_uri(), each.name) for each in folders or [folder]],
            initialization_options=options,
        )
    )
    yield opened
    await asyncio.wait_for(client.shutdown_session(), SECONDS)
    server = client._server
    assert server is not None
    assert server.returncode == 0
    await client.stop()
