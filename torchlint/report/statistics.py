"""How often each rule reported, most often first, and how many of its reports have a fix."""

from __future__ import annotations

import json
from collections import Counter
from typing import TextIO

from torchlint.report.base import Report
from torchlint.report.text import console_for, summarise


def write_text(report: Report, out: TextIO) -> None:
    """A line a rule; `*` marks those with fixes."""
    console = console_for(report, out)
    for code, name, count, fixable in _counts(report):
        console.print(f"{count:5}  {code}  [{'*' if fixable else ' '}] {name}", markup=False)
    summarise(report, console)


def write_json(report: Report, out: TextIO) -> None:
    """A list of objects as ruff writes it."""
    rows = [
        {"code": code, "name": name, "count": count, "fixable": count == fixable, "fixable_count": fixable}
        for code, name, count, fixable in _counts(report)
    ]
    json.dump(rows, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _counts(report: Report) -> list[tuple[str, str, int, int]]:
    """Code, name, number of reports, number of fixes of each rule."""
    counts = Counter((each.code, each.name) for each in report.diagnostics)
    fixable = Counter(each.code for each in report.diagnostics if each.fix is not None)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(code, name, count, fixable[code]) for (code, name), count in ordered]
