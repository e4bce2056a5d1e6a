"""GitHub Actions: an annotation a problem, as workflow commands."""

from __future__ import annotations

from typing import TextIO

from torchlint.report.base import Report, relative


def write_github(report: Report, out: TextIO) -> None:
    for each in report.diagnostics:
        span = each.place.span
        where = {
            "title": f"{each.code} {each.name}",
            "file": relative(report.filename(each.place)),
            "line": span.start.row,
            "endLine": span.end.row,
            # Columns are for one line; GitHub drops the annotation's place otherwise.
            **({"col": span.start.column, "endColumn": span.end.column} if span.start.row == span.end.row else {}),
        }
        properties = ",".join(f"{key}={_property(str(value))}" for key, value in where.items())
        place = f"{where['file']}:{span.start.row}:{span.start.column}"
        out.write(f"::{each.severity} {properties}::{_data(f'{place}: {each.code} {each.message}')}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
