"""JSON as ruff writes it, with the related places besides: one list, or an object a line."""

from __future__ import annotations

import json
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
    cell = report.cells.get(each.place.path)
    return {
        **({} if cell is None else {"cell": cell}),
        "code": each.code,
        "name": each.name,
        "message": each.message,
        "filename": report.filename(each.place),
        "location": location(each.place.span.start),
        "end_location": location(each.place.span.end),
        "fix": None if each.fix is None else _fix(each.fix),
        "url": url(each.code, each.name),
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
