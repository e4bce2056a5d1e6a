"""The text format of pylint, which many tools read."""

from __future__ import annotations

from typing import TextIO

from torchlint.report.base import Report, relative


def write_pylint(report: Report, out: TextIO) -> None:
    for each in report.diagnostics:
        path = relative(report.filename(each.place))
        message = " ".join(each.message.split())
        out.write(f"{path}:{each.place.span.start.row}: [{each.code}] {each.name}: {message}\n")
