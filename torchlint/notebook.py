"""Jupyter notebooks: their code cells as one program, and back."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from typing import Any

from torchlint.cells import Cell, CellText, join
from torchlint.text import Unreadable


def read_notebook(data: bytes) -> CellText:
    """The program of a notebook's code cells; an empty one where its language is not Python.

    Raises Unreadable for what is no notebook.
    """
    try:
        text = data.decode("utf-8")
        content = json.loads(text)
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"is no notebook: {error}") from None
    cells = _cells(content)
    if not _is_python(content):
        cells = []
    numbered = [
        Cell(number, _source(cell).removesuffix("\n"))
        for number, cell in enumerate(cells, 1)
        if cell.get("cell_type") == "code" and _source(cell).strip()
    ]

    def rebuild(pieces: Sequence[str]) -> bytes:
        changed = copy.deepcopy(content)
        every = _cells(changed)
        for cell, piece in zip(numbered, pieces, strict=True):
            _replace(every[cell.number - 1], piece)
        return _written(changed, text).encode()

    return join(numbered, rebuild, report=True)


def _cells(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, dict):
        cells = content.get("cells")
        if cells is None and isinstance(content.get("worksheets"), list):
            cells = [cell for sheet in content["worksheets"] for cell in sheet.get("cells", [])]
        if isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells):
            return cells
    raise Unreadable("is no notebook: it has no cells")


def _is_python(content: dict[str, Any]) -> bool:
    metadata = content.get("metadata") or {}
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        language = (metadata.get(key) or {}).get(name)
        if language:
            return str(language).lower() in ("python", "ipython", "python3")
    return True


def _key(cell: dict[str, Any]) -> str:
    return "source" if "source" in cell else "input"


def _source(cell: dict[str, Any]) -> str:
    source = cell.get(_key(cell), "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _replace(cell: dict[str, Any], piece: str) -> None:
    """Write a cell's text in the form that it had, its last newline included."""
    key = _key(cell)
    before = _source(cell)
    piece += "\n" if before.endswith("\n") else ""
    if piece != before.replace("\r\n", "\n"):
        cell[key] = piece.splitlines(keepends=True) if isinstance(cell[key], list) else piece


def _written(content: Any, before: str) -> str:
    """JSON with the indent, the escapes and the end of the text that it replaces."""
    indent = re.match(r"\s*\{\r?\n([ \t]+)", before)
    plain = before.isascii() and "\\u" in before
    text = json.dumps(content, indent=indent[1] if indent else None, ensure_ascii=plain)
    return text + before[len(before.rstrip()) :]
