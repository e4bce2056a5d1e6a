"""Text to tree: the standard library's `ast`, with positions in rows and code points.

Files whose syntax is newer than the running Python are read by libcst (see `newer_syntax`).
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field

from torchlint.diagnostic import Place, Position, Span
from torchlint.project.source import Source
from torchlint.syntax.index import parents

_NEWLINE = re.compile(r"\r\n|\n|\r")


class SyntaxProblem(Exception):
    """The text is no Python: where, and what the parser says."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """One parsed file."""

    source: Source
    module: ast.Module
    lines: list[str] = field(repr=False)
    _parents: dict[ast.AST, ast.AST] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        return self.source.path

    def position(self, row: int, byte: int) -> Position:
        """The position of `ast`'s row and UTF-8 byte offset, in code points, counted from 1."""
        line = self.lines[row - 1] if row <= len(self.lines) else ""
        if not line.isascii():
            byte = len(line.encode()[:byte].decode(errors="ignore"))
        return Position(row, byte + 1)

    def span(self, node: ast.AST) -> Span:
        """The span of a node; of a definition, its header's first line without decorators."""
        start = self.position(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        end = self.position(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return Span(start, end)

    def place(self, node: ast.AST) -> Place:
        return Place(self.source.path, self.span(node))

    def text(self, span: Span) -> str:
        """The source text of a span, its newlines as in the file."""
        start, end = span.start, span.end
        if start.row == end.row:
            return self.lines[start.row - 1][start.column - 1 : end.column - 1]
        rows = self.lines[start.row - 1 : end.row]
        rows = [rows[0][start.column - 1 :], *rows[1:-1], rows[-1][: end.column - 1]]
        return "\n".join(rows)

    def code(self, node: ast.AST) -> str:
        return self.text(self.span(node))

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node that holds a node; worked out for the whole tree at the first question."""
        if not self._parents:
            self._parents.update(parents(self.module))
        return self._parents.get(node)


def parse(source: Source) -> Tree:
    """The tree of a file.

    Raises SyntaxProblem where the text is no Python, or is nested so deeply that no parser reads it.
    """
    text = source.text.removeprefix("\ufeff")
    lines = _NEWLINE.split(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except SyntaxError as error:
        module = _newer(source, text, error)
    except (RecursionError, MemoryError) as error:
        raise SyntaxProblem(_first(source.path), "nested too deeply to be read") from error
    except ValueError as error:
        raise SyntaxProblem(_first(source.path), str(error)) from error
    return Tree(source, module, lines)


def _newer(source: Source, text: str, error: SyntaxError) -> ast.Module:
    from torchlint.syntax.newer import parse_newer

    try:
        return parse_newer(text)
    except SyntaxError:
        position = Position(max(error.lineno or 1, 1), max(error.offset or 1, 1))
        place = Place(source.path, Span(position, position))
        raise SyntaxProblem(place, error.msg or "invalid syntax") from error


def _first(path: str) -> Place:
    return Place(path, Span(Position(1, 1), Position(1, 1)))
