"""What a person is told: places, edits, fixes and diagnostics, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
Applicability = Literal["safe", "unsafe"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text: row and column, both counted from 1; columns count code points."""

    row: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text from `start` up to, but without, `end`."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span in a file; `path` is the path by which the program knows the file."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text at `span` of the diagnostic's file by `text`; an empty span inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A set of edits in the diagnostic's file that are applied together or not at all.

    A "safe" fix is applied by `--fix`; an "unsafe" one may change what the program means to
    do and is applied with `--unsafe-fixes` only.
    """

    message: str
    edits: tuple[Edit, ...]
    applicability: Applicability = "safe"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that takes part in the problem, and what it has to do with it."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule yields: a diagnostic that does not yet know its rule."""

    place: Place
    message: str
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One report: the rule's code and name, what is wrong, where, and how to mend it.

    `place` is where it is shown. `home` is the primary place, by which it is known, where `place` is a related one,
    because the primary place's file is not linted. `others` are the same problem with other related places: other
    ways of the program to the same primary place. A report that is not `certain` is shown nowhere; it says that
    comments on it may have an effect.
    """

    code: str
    name: str
    message: str
    place: Place
    severity: Severity = "error"
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    home: Place | None = None
    others: tuple[Finding, ...] = ()
    certain: bool = True

    @property
    def primary(self) -> Place:
        """The place that the report is about, wherever it is shown."""
        return self.home or self.place

    @property
    def order(self) -> tuple[str, Position, str, str]:
        """The key by which reports are sorted: file, place, code, message."""
        return (self.place.path, self.place.span.start, self.code, self.message)
