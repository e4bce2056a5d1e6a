"""What the client has open, as files' texts; positions in the encoding that it negotiated.

Lines end where LSP says that they do, at \\n, \\r\\n and \\r alone: a form feed or U+2028 ends none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import Workspace

from torchlint.diagnostic import Position, Span
from torchlint.project.cells import Cell, join
from torchlint.project.text import NEWLINE, Text

_Content = TypeVar("_Content")

_UNITS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "utf-32": len,
}


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends."""
    return NEWLINE.split(text)


@dataclass(frozen=True, slots=True)
class Encoding:
    """The one place where columns change between code points, from 1, and the client's units, from 0."""

    name: str = "utf-16"

    def position(self, lines: Sequence[str], position: Position) -> types.Position:
        """The client's position of ours; one beyond the text is drawn back to its end."""
        row = min(position.row, len(lines))
        line = lines[row - 1]
        column = len(line) if row < position.row else min(position.column - 1, len(line))
        return types.Position(row - 1, column if line.isascii() else _UNITS[self.name](line[:column]))

    def range(self, lines: Sequence[str], span: Span) -> types.Range:
        return types.Range(self.position(lines, span.start), self.position(lines, span.end))

    def from_client(self, lines: Sequence[str], position: types.Position) -> Position:
        """Our position of the client's; inside a character it is the character's start."""
        if position.line >= len(lines):
            return Position(len(lines), len(lines[-1]) + 1)
        line = lines[position.line]
        if line.isascii():
            return Position(position.line + 1, min(position.character, len(line)) + 1)
        size, left = _UNITS[self.name], position.character
        for column, letter in enumerate(line, 1):
            left -= size(letter)
            if left < 0:
                return Position(position.line + 1, column)
        return Position(position.line + 1, len(line) + 1)


@dataclass(frozen=True)
class Opened:
    """The open files at one moment: their texts, and the documents' URIs and versions.

    `uris` maps a file, or a file and a notebook cell's number, to the document.
    """

    texts: Mapping[str, Text]
    uris: Mapping[tuple[str, int | None], str]
    versions: Mapping[str, int | None] = field(default_factory=dict)

    def uri(self, file: str, cell: int | None = None) -> str:
        """The URI that the client uses for a file; ours where it has not opened it."""
        return self.uris.get((file, cell)) or from_fs_path(file) or ""

    def place(self, uri: str) -> tuple[str, int | None] | None:
        """The file and cell of a document that is open."""
        return next((place for place, own in self.uris.items() if own == uri), None)


class Documents:
    """The Python documents and notebooks of a client's workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._texts: dict[str, tuple[object, Text]] = {}

    def opened(self) -> Opened:
        texts: dict[str, Text] = {}
        uris: dict[tuple[str, int | None], str] = {}
        versions: dict[str, int | None] = {}
        cells = {cell.document for notebook in self._workspace.notebook_documents.values() for cell in notebook.cells}
        for document in list(self._workspace.text_documents.values()):
            path = self._path(document.uri)
            if document.uri in cells or not (document.language_id == "python" or path.endswith(".py")):
                continue
            texts[path] = self._text(document.uri, document.source, Text)
            uris[path, None], versions[document.uri] = document.uri, document.version
        for notebook in self._workspace.notebook_documents.values():
            path = self._path(notebook.uri, ".ipynb")
            numbered, documents = self._cells(notebook)
            texts[path] = self._text(notebook.uri, numbered, lambda own: join(own, lambda pieces: b"", report=True))
            uris.update({(path, number): uri for number, uri in documents.items()})
        return Opened(texts, uris, versions)

    def _cells(self, notebook: types.NotebookDocument) -> tuple[tuple[Cell, ...], dict[int, str]]:
        numbered: list[Cell] = []
        uris: dict[int, str] = {}
        for number, cell in enumerate(notebook.cells, 1):
            document = self._workspace.get_text_document(cell.document)
            if cell.kind != types.NotebookCellKind.Code or document.language_id != "python":
                continue
            uris[number] = cell.document
            if document.source.strip():
                numbered.append(Cell(number, document.source.removesuffix("\n")))
        return tuple(numbered), uris

    def _text(self, uri: str, content: _Content, make: Callable[[_Content], Text]) -> Text:
        """A document's text, the same object as long as the content is the same."""
        known = self._texts.get(uri)
        if known is None or known[0] != content:
            known = self._texts[uri] = (content, make(content))
        return known[1]

    def _path(self, uri: str, ending: str = ".py") -> str:
        """A document's file; for one that was never saved, a file where it would lie."""
        path = to_fs_path(uri)
        if path and uri.startswith("file:"):
            return os.path.abspath(path)
        name = "".join(letter if letter.isalnum() else "-" for letter in uri)
        return os.path.join(self._workspace.root_path or os.getcwd(), name + ending)
