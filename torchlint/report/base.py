"""What every report is given, and what several formats need of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256

from torchlint.diagnostic import Diagnostic, Place, Position


@dataclass(frozen=True)
class Report:
    """What was found, and what a format needs besides: texts to quote from, absolute file names.

    `fixed` counts the fixes applied by path, code and name; with `fix_only` nothing is known of
    what is left; `color` is "auto", "always" or "never".
    """

    diagnostics: Sequence[Diagnostic]
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    quiet: bool = False
    fixed: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    show_fixes: bool = False
    fix_only: bool = False
    color: str = "auto"
    cells: Mapping[str, int] = field(default_factory=dict, repr=False)

    def filename(self, place: Place) -> str:
        """The absolute name of the file that a place is in."""
        return self.files.get(place.path) or os.path.abspath(place.path)


def line_of(report: Report, path: str, row: int) -> str | None:
    """The text of a row of a file; None where the text is not at hand, or has no such row."""
    if (text := report.texts.get(path)) is None:
        return None
    rows = _rows(text)
    return rows[row - 1] if row <= len(rows) else None


@lru_cache(maxsize=8)
def _rows(text: str) -> list[str]:
    from torchlint.project.text import NEWLINE

    return NEWLINE.split(text)


def relative(filename: str, start: str = os.curdir) -> str:
    """The POSIX path from a folder (else the current one), or the absolute one of a file that is not below it."""
    path = os.path.relpath(filename, start)
    return (filename if path.startswith("..") else path).replace(os.sep, "/")


def fingerprints(report: Report, start: str = os.curdir) -> Iterator[str]:
    """For each diagnostic a key that stays when lines move: rule, file (from the folder `start`), the code of its
    line, all of the primary place, and which of those that are alike in this it is."""
    seen: Counter[str] = Counter()
    for each in report.diagnostics:
        line = (line_of(report, each.primary.path, each.primary.span.start.row) or "").strip()
        key = "\0".join((each.code, relative(report.filename(each.primary), start), line, each.message if not line else ""))
        seen[key] += 1
        yield sha256(f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


@cache
def url(code: str, name: str) -> str | None:
    """Where the page of a rule is to be read; unknown of another package's rule."""
    from torchlint.evidence.pages import page_names
    from torchlint.own_rules import OWN_RULES

    for own in OWN_RULES:
        if own.code == code:
            return own.url
    return f"https://github.com/torchlint/torchlint/blob/main/rules/{name}.md" if name in page_names() else None


def location(position: Position) -> dict[str, int]:
    return {"row": position.row, "column": position.column}
