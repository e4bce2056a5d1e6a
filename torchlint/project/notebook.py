"""Jupyter notebooks: their code cells as one program, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from torchlint.project.cells import Cell, CellText, join
from torchlint.project.json_text import Path, Span, strings, with_lines
from torchlint.project.text import Unreadable

_NEWLINE = re.compile(r"\r\n|\n|\r")
_LAST_NEWLINE = re.compile(r"(\r\n|\n)\Z")


def read_notebook(data: bytes) -> CellText:
    """The program of a notebook's code cells; an empty one where its language is not Python.

    Raises Unreadable for what is no notebook.
    """
    try:
        text = data.decode("utf-8")
        content = json.loads(text.removeprefix("\ufeff"))
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"is no notebook: {error}") from None
    cells = _cells(content)
    if not _is_python(content):
        cells = []
    numbered = [
        Cell(number, _LAST_NEWLINE.sub("", _source(cell)))
        for number, cell in enumerate(cells, 1)
        if cell.get("cell_type") == "code" and _source(cell).strip()
    ]

    def rebuild(pieces: Sequence[str]) -> bytes:
        sources = [_source(cells[cell.number - 1]) for cell in numbered]
        changed = {
            cell.number - 1: _as_before(piece, source)
            for cell, piece, source in zip(numbered, pieces, sources, strict=True)
            if _NEWLINE.sub("\n", _LAST_NEWLINE.sub("", source)) != piece
        }
        return _written(text, changed).encode("utf-8", "surrogatepass")

    return join(numbered, rebuild, report=True)


def _as_before(piece: str, source: str) -> list[str]:
    """The lines of a cell's new text, ended as those of its old one are, the last one included."""
    newline = found[0] if (found := _NEWLINE.search(source)) else "\n"
    last = _LAST_NEWLINE.search(source)
    text = piece.replace("\n", newline) + (last[0] if last else "")
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _written(text: str, changed: Mapping[int, list[str]]) -> str:
    """The JSON text with new lines in the cells of these indices."""
    if not changed:
        return text
    spans: dict[int, list[Span]] = {}
    sheets: dict[str | int, int] = {}
    for path, span in strings(text):
        if (index := _cell_index(path, sheets)) in changed:
            spans.setdefault(index, []).append(span)
    plain = text.isascii() and "\\u" in text
    for index, own in sorted(spans.items(), reverse=True):
        (start, end), new = with_lines(text, own, changed[index], plain)
        text = text[:start] + new + text[end:]
    return text


def _cell_index(path: Path, sheets: dict[str | int, int]) -> int:
    """Which cell's source a string at this path belongs to; -1 for none. `sheets` counts the cells before a sheet's."""
    offset = 0
    if path[0] == "worksheets" and len(path) > 3 and path[2] == "cells" and isinstance(path[3], int):
        sheets[path[1]] = max(sheets.get(path[1], 0), path[3] + 1)
        offset = sum(count for sheet, count in sheets.items() if sheet != path[1])
        path = path[2:]
    if len(path) not in (3, 4) or path[0] != "cells" or path[2] not in ("source", "input"):
        return -1
    return offset + path[1] if isinstance(path[1], int) else -1


def _cells(content: Any) -> list[dict[str, Any]]:
    """The cells of a notebook, those of an old one's sheets in order. Raises Unreadable for what is none."""
    if isinstance(content, dict):
        cells = content.get("cells")
        sheets = content.get("worksheets")
        if cells is None and isinstance(sheets, list):
            inside = [sheet.get("cells", []) if isinstance(sheet, dict) else None for sheet in sheets]
            cells = [cell for each in inside for cell in (each if isinstance(each, list) else [None])]
        if isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells):
            return cells
    raise Unreadable("is no notebook: it has no cells")


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_python(content: dict[str, Any]) -> bool:
    metadata = _table(content.get("metadata"))
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        language = _table(metadata.get(key)).get(name)
        if language:
            return str(language).lower() in ("python", "ipython", "python3")
    return True


def _source(cell: dict[str, Any]) -> str:
    """A cell's text. Raises Unreadable where it is no text."""
    source = cell.get("source" if "source" in cell else "input", "")
    lines = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        raise Unreadable("is no notebook: the source of a cell is no text")
    return "".join(lines)
