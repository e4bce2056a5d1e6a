"""JUnit XML: a suite a file, a failed case a problem."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TextIO
from xml.etree import ElementTree

from torchlint.report.base import Report, relative

# What XML 1.0 cannot hold, even escaped.
_FORBIDDEN = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(report: Report, out: TextIO) -> None:
    count = str(len(report.diagnostics))
    root = ElementTree.Element("testsuites", name="torchlint", tests=count, failures=count, errors="0")
    for name, group in groupby(report.diagnostics, key=lambda each: relative(report.filename(each.place))):
        problems = list(group)
        size = str(len(problems))
        suite = ElementTree.SubElement(
            root, "testsuite", name=name, tests=size, failures=size, errors="0", skipped="0", time="0"
        )
        for each in problems:
            start = each.place.span.start
            case = ElementTree.SubElement(
                suite, "testcase", name=f"{each.code}:{start.row}:{start.column}", classname=name, time="0"
            )
            failure = ElementTree.SubElement(case, "failure", message=_clean(each.message), type=each.code)
            failure.text = f"{name}:{start.row}:{start.column}: {each.code} {each.name} {_clean(each.message)}"
    if not report.diagnostics:
        root.set("tests", "1")
        suite = ElementTree.SubElement(
            root, "testsuite", name="torchlint", tests="1", failures="0", errors="0", skipped="0", time="0"
        )
        ElementTree.SubElement(suite, "testcase", name="all checks passed", classname="torchlint", time="0")
    ElementTree.indent(root)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(ElementTree.tostring(root, encoding="unicode") + "\n")


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
