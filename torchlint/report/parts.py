"""Reports on programs that come in pieces: places by cell, as a person sees them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace

from torchlint.diagnostic import Diagnostic, Edit, Fix, Place, Position, Related, Span
from torchlint.project.text import Part, Text
from torchlint.report.base import Report


def in_parts(report: Report, texts: Mapping[str, Text]) -> Report:
    """The report with each place in a notebook given as `name:cell N` and the row in that cell."""
    parts = {
        path: text.parts(report.texts[path])
        for path, text in texts.items()
        if path in report.texts and type(text) is not Text
    }
    if not parts:
        return report
    translated = _Parts(parts)
    names = {(path, part.name): f"{path}:{part.name}" for path, own in parts.items() for part in own}
    return replace(
        report,
        diagnostics=[translated.diagnostic(each) for each in report.diagnostics],
        texts={**report.texts, **{names[path, part.name]: part.text for path, own in parts.items() for part in own}},
        files={**report.files, **{name: report.files[path] for (path, _), name in names.items() if path in report.files}},
        cells={names[path, part.name]: part.cell for path, own in parts.items() for part in own if part.cell is not None},
    )


class _Parts:
    def __init__(self, parts: Mapping[str, list[Part]]) -> None:
        self._parts = {path: own for path, own in parts.items() if own}

    def diagnostic(self, each: Diagnostic) -> Diagnostic:
        related = tuple(Related(self._place(one.place), one.message) for one in each.related)
        fix = each.fix
        if fix is not None and each.place.path in self._parts:
            edits = tuple(Edit(self._place(Place(each.place.path, edit.span)).span, edit.text) for edit in fix.edits)
            fix = Fix(fix.message, edits, fix.applicability)
        home = each.home and self._place(each.home)
        return replace(each, place=self._place(each.place), related=related, fix=fix, home=home)

    def _place(self, place: Place) -> Place:
        own = self._parts.get(place.path)
        if not own:
            return place
        at = max(0, bisect_right([part.row for part in own], place.span.start.row) - 1)
        above = own[at].row - 1
        start, end = (Position(max(1, each.row - above), each.column) for each in (place.span.start, place.span.end))
        return Place(f"{place.path}:{own[at].name}", Span(start, end))
