"""Where libcst's nodes stand in a text, as `ast` counts: rows from 1, columns in UTF-8 bytes."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeVar

import libcst as cst
from libcst.metadata import CodeSpan

Node = TypeVar("Node", bound=ast.AST)

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_BLANKS = (b" ", b"\t", b"\f")
_BLANK = re.compile(rb"(?:[ \t\f\r\n]|\\(?:\r\n|\r|\n)|#[^\r\n]*)*")


class Spans:
    """Byte offsets of nodes in a text, and places for `ast` nodes.

    `spans` are those of `code`, the text as libcst reproduces it: it loses some blanks and form feeds.
    Raises ValueError where it lost more than that.
    """

    def __init__(self, text: str, code: str, spans: Mapping[cst.CSTNode, CodeSpan]) -> None:
        self._text = text.encode()
        self._spans = spans
        self._lost: list[tuple[int, int]] = [
            (0, 0),
            *(_lost(self._text, code.encode()) if code != text else ()),
        ]
        self._block_ends: dict[ast.AST, tuple[int, int]] = {}
        self._starts: list[int] = [0, *(match.end() for match in _NEWLINE.finditer(self._text))]

    def start(self, node: cst.CSTNode) -> int:
        """Where a node starts, without its own parentheses."""
        return self._in_text(self._spans[node].start)

    def end(self, node: cst.CSTNode) -> int:
        """Where a node ends, without its own parentheses."""
        span = self._spans[node]
        return self._in_text(span.start + span.length - 1) + 1

    def outer_start(self, node: cst.CSTNode) -> int:
        """Where a node starts, with its parentheses."""
        lpar = getattr(node, "lpar", ())
        return self.start(lpar[0] if lpar else node)

    def outer_end(self, node: cst.CSTNode) -> int:
        """Where a node ends, with its parentheses."""
        rpar = getattr(node, "rpar", ())
        return self.end(rpar[-1] if rpar else node)

    def skip(self, offset: int) -> int:
        """The first offset from `offset` on that is no whitespace, line break or comment."""
        match = _BLANK.match(self._text, offset)
        assert match is not None
        return match.end()

    def text(self, start: int, end: int) -> str:
        """The source between two offsets, its newlines as Python reads them."""
        return _NEWLINE.sub(b"\n", self._text[start:end]).decode()

    def place(self, made: Node, start: int, end: int) -> Node:
        """Give an `ast` node its place, and return it."""
        made.lineno, made.col_offset = self._row_and_column(start)  # type: ignore[attr-defined]
        made.end_lineno, made.end_col_offset = self._row_and_column(end)  # type: ignore[attr-defined]
        return made

    def place_block(self, made: Node, start: int, last: Any) -> Node:
        """Give a compound statement its place: up to the end of the last statement in it."""
        self.place(made, start, start)
        end = self._block_ends.get(last, (last.end_lineno, last.end_col_offset))
        made.end_lineno, made.end_col_offset = end  # type: ignore[attr-defined]
        return made

    def end_block(self, last: ast.stmt, end: int) -> None:
        """Say that a block goes on after its last statement: Python counts a semicolon to the block."""
        self._block_ends[last] = self._row_and_column(end)

    def offset(self, row: int, column: int) -> int:
        """The offset of a place that `place` gave."""
        return self._starts[row - 1] + column

    def _row_and_column(self, offset: int) -> tuple[int, int]:
        row = bisect_right(self._starts, offset)
        return row, offset - self._starts[row - 1]

    def _in_text(self, offset: int) -> int:
        before = bisect_right(self._lost, offset, key=itemgetter(0)) - 1
        return offset + self._lost[before][1]


def _lost(text: bytes, code: bytes) -> Iterator[tuple[int, int]]:
    """From which offset of `code` on how many bytes of `text` are missing."""
    missing = 0
    for offset, byte in enumerate(code):
        while text[offset + missing : offset + missing + 1] in _BLANKS and text[offset + missing] != byte:
            missing += 1
            yield offset, missing
        if text[offset + missing : offset + missing + 1] != code[offset : offset + 1]:
            raise ValueError("the tree does not reproduce the text")
