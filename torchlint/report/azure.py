"""Azure Pipelines: an issue a problem, as logging commands."""

from __future__ import annotations

from typing import TextIO

from torchlint.report.base import Report, relative


def write_azure(report: Report, out: TextIO) -> None:
    for each in report.diagnostics:
        start = each.place.span.start
        where = {
            "type": each.severity,
            "sourcepath": relative(report.filename(each.place)),
            "linenumber": start.row,
            "columnnumber": start.column,
            "code": each.code,
        }
        properties = "".join(f"{key}={_escaped(str(value))};" for key, value in where.items())
        out.write(f"##vso[task.logissue {properties}]{_data(f'{each.name}: {each.message}')}\n")


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
