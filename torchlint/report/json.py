"""JSON as ruff writes it, with the related places besides: one list, or an object a line."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, TextIO

from torchlint.diagnostic import Diagnostic, Fix
from torchlint.report.base import Report, location, url


def write_json(report: Report, out: TextIO) -> None:
    json.dump([as_object(each, report) for each in report.diagnostics], out, indent=2, ensure_ascii=False)
    out.write("\n")


def write_json_lines(report: Report, out: TextIO) -> None:
    for each in report.diagnostics:
        out.write(json.dumps(as_object(each, report), ensure_ascii=False) + "\n")


def as_object(each: Diagnostic, report: Report) -> dict[str, Any]:
    """A diagnostic as the documented JSON object."""
    return {
        "cell": report.cells.get(each.place.path),
        "code": each.code,
        "name": each.name,
        "message": each.message,
        "filename": report.filename(each.place),
        "location": location(each.place.span.start),
        "end_location": location(each.place.span.end),
        "fix": None if each.fix is None else _fix(each.fix),
        "url": url(each.code, each.name),
        "noqa_row": _noqa_row(each, report),
        "severity": each.severity,
        "related": [
            {
                "filename": report.filename(related.place),
                "location": location(related.place.span.start),
                "end_location": location(related.place.span.end),
                "message": related.message,
            }
            for related in each.related
        ],
    }


def _noqa_row(each: Diagnostic, report: Report) -> int:
    """The row at whose end a comment silences the report: that of the start, or where its line goes on to."""
    row = each.place.span.start.row
    joined = _joined_rows(report.texts.get(each.place.path, ""))
    while row in joined:
        row += 1
    return row


@lru_cache(maxsize=8)
def _joined_rows(text: str) -> set[int]:
    from torchlint.syntax.comments import joined_rows, tokens_of

    return joined_rows(list(tokens_of(text)))


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "applicability": fix.applicability,
        "message": fix.message,
        "edits": [
            {
                "content": edit.text,
                "location": location(edit.span.start),
                "end_location": location(edit.span.end),
            }
            for edit in fix.edits
        ],
    }
