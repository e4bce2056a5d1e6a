"""SARIF 2.1.0: rules with their pages as help, fingerprints that survive moved lines, and fixes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TextIO

from torchlint import __version__
from torchlint.diagnostic import Diagnostic, Place, Position, Span
from torchlint.report.base import Report, fingerprints, line_of, relative, url

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "PROJECTROOT"


def write_sarif(report: Report, out: TextIO) -> None:
    codes = sorted({(each.code, each.name) for each in report.diagnostics})
    index = {code: at for at, (code, _) in enumerate(codes)}
    run = {
        "tool": {
            "driver": {
                "name": "torchlint",
                "version": __version__,
                "informationUri": "https://github.com/torchlint/torchlint",
                "rules": [_rule(code, name) for code, name in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": Path.cwd().as_uri().rstrip("/") + "/"}},
        "results": [
            _result(each, report, index[each.code], fingerprint)
            for each, fingerprint in zip(report.diagnostics, fingerprints(report), strict=True)
        ],
    }
    json.dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _rule(code: str, name: str) -> dict[str, Any]:
    from torchlint.own_rules import OWN_RULES

    own = {each.code: each.meaning for each in OWN_RULES}
    page = _page(name)
    paragraph = page.paragraph if page else f"{own.get(code, name.replace('-', ' '))}."
    text = page.text if page else paragraph
    short = page.summary if page else paragraph
    rule = {
        "id": code,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "shortDescription": {"text": f"{short[0].upper()}{short[1:]}"},
        "fullDescription": {"text": f"{paragraph[0].upper()}{paragraph[1:]}"},
        "help": {"text": text, "markdown": text},
        "properties": {"tags": ["pytorch"]},
    }
    where = url(code, name)
    return rule if where is None else {**rule, "helpUri": where}


def _page(name: str) -> Any:
    from torchlint.evidence.pages import PageError, load_page

    try:
        return load_page(name)
    except (KeyError, PageError):
        return None


def _result(each: Diagnostic, report: Report, index: int, fingerprint: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": each.code,
        "ruleIndex": index,
        "level": each.severity,
        "message": {"text": each.message},
        "locations": [_location(each.place, report)],
        "partialFingerprints": {"torchlint/v1": fingerprint},
    }
    if each.related:
        result["relatedLocations"] = [
            {"id": number, **_location(related.place, report), "message": {"text": related.message}}
            for number, related in enumerate(each.related, 1)
        ]
    if each.fix is not None:
        replacements = [
            {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in each.fix.edits
        ]
        change = {"artifactLocation": _artifact(each.place, report), "replacements": replacements}
        result["fixes"] = [{"description": {"text": each.fix.message}, "artifactChanges": [change]}]
    return result


def _location(place: Place, report: Report) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(place, report), "region": _region(place.span)}
    if (rows := _rows(place, report)) is not None:
        span = place.span
        whole = Span(Position(span.start.row, 1), Position(span.end.row, len(rows[-1]) + 1))
        physical["region"]["snippet"] = {"text": _cut(rows, span)}
        if whole != span:
            physical["contextRegion"] = {**_region(whole), "snippet": {"text": "\n".join(rows)}}
    return {"physicalLocation": physical}


def _rows(place: Place, report: Report) -> list[str] | None:
    """The rows that a place is on, where they are at hand."""
    rows = [line_of(report, place.path, row) for row in range(place.span.start.row, place.span.end.row + 1)]
    return None if None in rows else [row for row in rows if row is not None]


def _cut(rows: list[str], span: Span) -> str:
    """What of its rows is in a span."""
    last = rows[-1][: span.end.column - 1]
    if len(rows) == 1:
        return last[span.start.column - 1 :]
    return "\n".join([rows[0][span.start.column - 1 :], *rows[1:-1], last])


def _artifact(place: Place, report: Report) -> dict[str, Any]:
    path = relative(report.filename(place))
    if path.startswith("../") or Path(path).is_absolute():
        return {"uri": Path(report.filename(place)).as_uri()}
    from urllib.parse import quote

    return {"uri": quote(os.fsencode(path)), "uriBaseId": _ROOT}


def _region(span: Span) -> dict[str, Any]:
    return {
        "startLine": span.start.row,
        "startColumn": span.start.column,
        "endLine": span.end.row,
        "endColumn": span.end.column,
    }
