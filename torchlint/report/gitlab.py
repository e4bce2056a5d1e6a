"""GitLab's code quality report: the Code Climate subset that it reads."""

from __future__ import annotations

import json
from typing import TextIO

from torchlint.report.base import Report, fingerprints, relative

_SEVERITIES = {"error": "major", "warning": "minor"}


def write_gitlab(report: Report, out: TextIO) -> None:
    issues = [
        {
            "description": f"{each.code} {each.name}: {each.message}",
            "check_name": each.code,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[each.severity],
            "location": {
                "path": relative(report.filename(each.place)),
                "positions": {
                    "begin": {"line": each.place.span.start.row, "column": each.place.span.start.column},
                    "end": {"line": each.place.span.end.row, "column": each.place.span.end.column},
                },
            },
        }
        for each, fingerprint in zip(report.diagnostics, fingerprints(report), strict=True)
    ]
    json.dump(issues, out, indent=2, ensure_ascii=False)
    out.write("\n")
