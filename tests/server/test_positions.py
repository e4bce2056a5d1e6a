"""Positions in every encoding, in texts whose lines and columns are easily counted wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from tests.server.client import SOFTMAX, capabilities, editor
from torchlint.diagnostic import Position
from torchlint.server.documents import Encoding, lines_of

UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}

ODD = {
    "emoji": SOFTMAX.replace("return F", "label = '🔥é'; return F"),
    "tabs": SOFTMAX.replace("    ", "\t"),
    "crlf": SOFTMAX.replace("\n", "\r\n"),
    "lone carriage returns": SOFTMAX.replace("\n", "\r"),
    "form feed": SOFTMAX.replace("class Net", "\f\nclass Net").replace("return F", "label = '\f'; return F"),
    "line separator": SOFTMAX.replace("import torch\n", "import torch  # a\u2028b\u2029c\x85d\x0be\x1cf\n", 1),
    "line separator on the line": SOFTMAX.replace("return F", "label = '\u2028🔥'; return F"),
}


def _expected(text: str, encoding: str) -> types.Position:
    """Where `F.softmax(` starts, counted by the bytes of the encoding."""
    before = text[: text.index("F.softmax(")].replace("\r\n", "\n").replace("\r", "\n")
    line = before.rpartition("\n")[2]
    return types.Position(before.count("\n"), len(line.encode(CODECS[encoding])) // UNITS[encoding])


@pytest.mark.asyncio
@pytest.mark.parametrize("encoding", UNITS)
async def test_reports_stand_where_the_clients_encoding_says(tmp_path: Path, encoding: str) -> None:
    async with editor(tmp_path, capabilities(encodings=[encoding])) as here:
        assert here.initialized is not None
        assert here.initialized.capabilities.position_encoding == encoding
        for number, (name, text) in enumerate(ODD.items()):
            here.open(f"net{number}.py", text)
            (found,) = await here.pushed(here.uri(f"net{number}.py"), ["TL401"])
            start = _expected(text, encoding)
            assert found.range.start == start, name
            assert found.range.end == types.Position(start.line, start.character + len("F.softmax(x, dim=1)")), name
            hover = await here.hover(f"net{number}.py", start.line, start.character + 3)
            assert "softmax-before-cross-entropy" in hover, name


@pytest.mark.asyncio
@pytest.mark.parametrize("encoding", UNITS)
async def test_fixes_edit_the_right_letters(tmp_path: Path, encoding: str) -> None:
    async with editor(tmp_path, capabilities(encodings=[encoding])) as here:
        for number, (name, text) in enumerate(ODD.items()):
            here.open(f"net{number}.py", text)
            start = _expected(text, encoding)
            fix = (await here.actions(f"net{number}.py", start.line))[0]
            assert fix.edit is not None and fix.edit.document_changes is not None, name
            (edit,) = fix.edit.document_changes[0].edits
            assert edit.range.start == start, name
            assert edit.new_text == "x", name


TEXTS = st.text(st.sampled_from("ab\t\f\u2028\x85\v🔥é中\r\n"))


@given(TEXTS, st.sampled_from(sorted(UNITS)), st.data())
def test_a_position_comes_back_as_it_went(text: str, encoding: str, data: st.DataObject) -> None:
    lines = lines_of(text)
    row = data.draw(st.integers(1, len(lines)))
    column = data.draw(st.integers(1, len(lines[row - 1]) + 1))
    codec = Encoding(encoding)
    there = codec.position(lines, Position(row, column))
    assert there.character == len(lines[row - 1][: column - 1].encode(CODECS[encoding])) // UNITS[encoding]
    assert codec.from_client(lines, there) == Position(row, column)


@given(TEXTS, st.integers(0, 20), st.integers(0, 20), st.sampled_from(sorted(UNITS)))
def test_a_position_beyond_the_text_is_drawn_back_into_it(text: str, line: int, unit: int, encoding: str) -> None:
    lines = lines_of(text)
    place = Encoding(encoding).from_client(lines, types.Position(line, unit))
    assert 1 <= place.row <= len(lines)
    assert 1 <= place.column <= len(lines[place.row - 1]) + 1


def test_lines_end_where_lsp_says() -> None:
    assert lines_of("a\nb\r\nc\rd\fe\u2028f\x85g\vh") == ["a", "b", "c", "d\fe\u2028f\x85g\vh"]
