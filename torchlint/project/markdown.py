"""Markdown files: their Python code blocks as one program, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from torchlint.project.cells import Cell, CellText, join
from torchlint.project.text import decode

_FENCE = re.compile(
    r"^(?P<indent>[ ]{0,3})(?P<ticks>`{3,}|~{3,})[ \t]*\{?\.?(?:python|py|python3)\b[^\n`]*\n"
    r"(?P<body>.*?)^[ ]{0,3}(?P=ticks)[`~]*[ \t]*$",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


def read_markdown(data: bytes) -> CellText:
    """The program of a file's Python blocks, in order. Raises Unreadable for what is no text."""
    source = decode(data)
    blocks = [match for match in _FENCE.finditer(source.text) if match["body"].strip() and not match["indent"]]
    cells = [Cell(number, match["body"].removesuffix("\n")) for number, match in enumerate(blocks, 1)]

    def rebuild(pieces: Sequence[str]) -> bytes:
        text = source.text
        for match, piece in reversed(list(zip(blocks, pieces, strict=True))):
            text = text[: match.start("body")] + piece + "\n" + text[match.end("body") :]
        return source.encode(text)

    # A block of documentation may well be a fragment: that is no report.
    return join(cells, rebuild, report=False)
