"""libcst's strings, f-strings and template strings as those of `ast`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

import libcst as cst

from torchlint.syntax.newer.expressions import Expressions

_QUOTE = re.compile(r'\\.|"', re.DOTALL)
_CONVERSIONS = {"s": 115, "r": 114, "a": 97}


class Strings(Expressions):
    """Converts strings, adjacent ones to one as Python does."""

    def _string(self, node: cst.BaseString) -> ast.expr:
        parts = list(_parts(node))
        kind = "u" if parts[0].prefix.lower() == "u" else None
        if all(isinstance(part, cst.SimpleString) for part in parts):
            values = [ast.literal_eval(part.value) for part in parts]
            return ast.Constant(type(values[0])().join(values), kind)
        pieces: list[Any] = []
        for part in parts:
            if isinstance(part, cst.SimpleString):
                text = ast.literal_eval(part.value)
                pieces.append((text, self.spans.start(part), self.spans.end(part)))
            else:
                pieces += self._pieces(part.parts, "r" in part.prefix.lower())
        return ast.JoinedStr(self._joined(pieces, kind))

    SimpleString = FormattedString = TemplatedString = ConcatenatedString = _string

    def _joined(self, pieces: Sequence[Any], kind: str | None) -> list[ast.expr]:
        """Replacement fields, and the text between them with its span made one constant each."""
        made: list[ast.expr] = []
        for piece in pieces:
            if isinstance(piece, ast.expr):
                made.append(piece)
                continue
            text, start, end = piece
            if made and isinstance(made[-1], ast.Constant):
                before = made[-1]
                before.value += text
                after = self.spans.place(ast.Constant(text), start, end)
                before.end_lineno, before.end_col_offset = after.end_lineno, after.end_col_offset
            elif text:
                made.append(self.spans.place(ast.Constant(text, kind), start, end))
        return made

    def _pieces(self, nodes: Sequence[cst.CSTNode], raw: bool) -> Iterator[Any]:
        for node in nodes:
            start, end = self.spans.start(node), self.spans.end(node)
            if isinstance(node, cst.FormattedStringText | cst.TemplatedStringText):
                yield _unescape(node.value, raw), start, end
            else:
                yield from self._field(node, start, end, raw)

    def _field(self, node: Any, start: int, end: int, raw: bool) -> Iterator[Any]:
        conversion = _CONVERSIONS.get(node.conversion, -1)
        if node.equal is not None:
            text_end = self.spans.skip(self.spans.end(node.equal))
            yield self.spans.text(start + 1, text_end), start + 1, text_end
            if node.conversion is None and node.format_spec is None:
                conversion = _CONVERSIONS["r"]
        specification = None
        if node.format_spec is not None:
            specification = ast.JoinedStr(self._joined(list(self._pieces(node.format_spec, raw)), None))
            self.spans.place(specification, start, end)
        made = ast.FormattedValue(self.expression(node.expression), conversion, specification)
        yield self.spans.place(made, start, end)


def _parts(node: cst.BaseString) -> Iterator[Any]:
    waiting: list[cst.BaseString] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, cst.ConcatenatedString):
            waiting += (each.right, each.left)
        else:
            yield each


def _unescape(text: str, raw: bool) -> str:
    text = text.replace("{{", "{").replace("}}", "}")
    if raw:
        return text.replace("\r\n", "\n").replace("\r", "\n")
    quoted = _QUOTE.sub(lambda match: match[0] if len(match[0]) > 1 else '\\"', text)
    value = ast.literal_eval(f'"""{quoted}"""')
    assert isinstance(value, str)
    return value
