"""What every report is given, and how the formats are found."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TextIO

from torchlint.diagnostic import Diagnostic, Place, Position

FORMATS = (
    "text", "full", "concise", "grouped", "json", "json-lines",
    "sarif", "github", "gitlab", "junit", "rdjson",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """What was found, and what a format needs besides: texts to quote from, absolute file names."""

    diagnostics: Sequence[Diagnostic]
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    quiet: bool = False
    fixed: int = 0

    def filename(self, place: Place) -> str:
        """The absolute name of the file that a place is in."""
        return self.files.get(place.path) or os.path.abspath(place.path)

    def line(self, place: Place) -> str | None:
        """The text of the row where a place starts; None where the file's text is not at hand."""
        from torchlint.reading import NEWLINE

        if (text := self.texts.get(place.path)) is None:
            return None
        rows = NEWLINE.split(text)
        return rows[place.span.start.row - 1] if place.span.start.row <= len(rows) else None


Writer = Callable[[Report, TextIO], None]


def writer(name: str) -> Writer:
    """The function that writes the format of this name."""
    module = {"full": "text", "concise": "text", "grouped": "text", "json-lines": "json"}.get(name, name)
    found: Writer = getattr(import_module(f"torchlint.report.{module}"), f"write_{name.replace('-', '_')}")
    return found


def url(code: str, name: str) -> str:
    """Where the page of a rule is to be read."""
    from torchlint.own_rules import OWN_RULES

    for own in OWN_RULES:
        if own.code == code:
            return own.url
    return f"https://github.com/torchlint/torchlint/blob/main/rules/{name}.md"


def location(position: Position) -> dict[str, int]:
    return {"row": position.row, "column": position.column}
