"""reviewdog's diagnostic format; its columns count UTF-8 bytes."""

from __future__ import annotations

import json
from typing import Any, TextIO

from torchlint.diagnostic import Diagnostic, Place, Position, Span
from torchlint.report.base import Report, line_of, relative, url


def write_rdjson(report: Report, out: TextIO) -> None:
    found = {
        "source": {"name": "torchlint", "url": "https://github.com/torchlint/torchlint"},
        "severity": "WARNING",
        "diagnostics": [_diagnostic(each, report) for each in report.diagnostics],
    }
    json.dump(found, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _diagnostic(each: Diagnostic, report: Report) -> dict[str, Any]:
    found: dict[str, Any] = {
        "message": each.message,
        "location": _location(each.place, report),
        "severity": each.severity.upper(),
        "code": {"value": each.code},
    }
    if (page := url(each.code, each.name)) is not None:
        found["code"]["url"] = page
    if each.fix is not None:
        found["suggestions"] = [
            {"range": _range(Place(each.place.path, edit.span), report), "text": edit.text} for edit in each.fix.edits
        ]
    if each.related:
        found["relatedLocations"] = [
            {"message": related.message, "location": _location(related.place, report)} for related in each.related
        ]
    return found


def _location(place: Place, report: Report) -> dict[str, Any]:
    return {"path": relative(report.filename(place)), "range": _range(place, report)}


def _range(place: Place, report: Report) -> dict[str, Any]:
    span: Span = place.span
    return {"start": _position(span.start, place, report), "end": _position(span.end, place, report)}


def _position(position: Position, place: Place, report: Report) -> dict[str, int]:
    line = line_of(report, place.path, position.row) or ""
    before = line[: position.column - 1]
    beyond = max(0, position.column - 1 - len(line))
    return {"line": position.row, "column": len(before.encode("utf-8", "replace")) + beyond + 1}
