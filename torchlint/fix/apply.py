"""Edits in, new text out: no files are read or written here."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torchlint.diagnostic import Edit, Fix, Position

_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class _Change:
    """Replace the code points from `start` up to `end` of the text by `new`."""

    start: int
    end: int
    new: str

    @property
    def inserts_lines(self) -> bool:
        return self.start == self.end and self.new.endswith(("\n", "\r"))

    def clashes(self, other: _Change) -> bool:
        """Whether both touch the same text, or insert at one point, where their order would matter."""
        if self.start == self.end == other.start == other.end:
            return True
        return self.start < other.end and other.start < self.end


def fix_text(text: str, fixes: Sequence[Fix]) -> tuple[str, int]:
    """The text with `fixes` applied, and how many of them were."""
    new, applied = apply_fixes(text, fixes)
    return new, len(applied)


def apply_fixes(text: str, fixes: Sequence[Fix]) -> tuple[str, list[Fix]]:
    """The text with `fixes` applied, in order of place, and those that were.

    A fix that overlaps one already taken is left out whole; lint the new text again to get it.
    Fixes that need the same new line (an import, say) share it. Newlines in an edit become those of
    the text. Raises ValueError for a place that the text does not have.
    """
    newlines = list(_NEWLINE.finditer(text))
    newline = newlines[0][0] if newlines else "\n"
    starts = [0, *(match.end() for match in newlines)]
    ends = [*(match.start() for match in newlines), len(text)]

    def offset(position: Position) -> int:
        row, column = position.row - 1, position.column - 1
        if 0 <= row < len(starts) and 0 <= column <= ends[row] - starts[row]:
            return starts[row] + column
        raise ValueError(f"the text has no place {position.row}:{position.column}")

    def change(edit: Edit) -> _Change:
        start, end = offset(edit.span.start), offset(edit.span.end)
        if end < start:
            raise ValueError(
                f"an edit ends before it starts, at {edit.span.start.row}:{edit.span.start.column}"
            )
        return _Change(start, end, _NEWLINE.sub(lambda _: newline, edit.text))

    # Sorting by place alone keeps the order in which a fix lists its insertions at one point.
    wanted = [(sorted(map(change, fix.edits), key=_place), fix) for fix in fixes if fix.edits]
    taken: list[_Change] = []
    lines: set[_Change] = set()
    applied: list[Fix] = []
    for changes, fix in sorted(wanted, key=lambda each: _place(each[0][0])):
        new = [each for each in changes if each not in lines]
        overlaps_itself = any(left.end > right.start for left, right in pairwise(changes))
        if overlaps_itself or any(_clashes(each, taken) for each in new):
            continue
        for each in new:
            insort(taken, each, key=_place)
        lines.update(each for each in new if each.inserts_lines)
        applied.append(fix)
    return _apply(text, taken), applied


def _place(change: _Change) -> tuple[int, int]:
    return (change.start, change.end)


def _clashes(change: _Change, taken: Sequence[_Change]) -> bool:
    """Whether a change clashes with one of `taken`, which are in order and do not overlap."""
    at = bisect_left(taken, _place(change), key=_place)
    return any(change.clashes(neighbour) for neighbour in taken[max(at - 1, 0) : at + 1])


def _apply(text: str, changes: Sequence[_Change]) -> str:
    parts: list[str] = []
    done = 0
    for each in changes:
        parts += (text[done : each.start], each.new)
        done = each.end
    return "".join([*parts, text[done:]])
