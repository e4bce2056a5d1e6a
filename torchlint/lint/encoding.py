"""Reports and findings as JSON values, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from torchlint.diagnostic import Diagnostic, Edit, Finding, Fix, Place, Position, Related, Span


def encode(found: Sequence[Diagnostic]) -> str:
    return json.dumps([_packed(each) for each in found], separators=(",", ":"))


def decode(text: str) -> list[Diagnostic]:
    return [_unpacked(*each) for each in json.loads(text)]


def _packed(each: Diagnostic) -> list[Any]:
    home = each.home and [each.home.path, _span(each.home.span)]
    return [each.code, each.name, each.message, each.place.path, _span(each.place.span), each.severity, _fix(each.fix), _related(each.related), home]


def _unpacked(
    code: str, name: str, message: str, path: str, span: list[int], severity: Any, fix: Any, related: list[Any], home: Any
) -> Diagnostic:
    primary = home and Place(home[0], _spanned(home[1]))
    return Diagnostic(code, name, message, Place(path, _spanned(span)), severity, _mended(fix), _others(related), primary)


def packed_finding(each: Finding) -> list[Any]:
    """A finding as JSON values."""
    return [each.place.path, _span(each.place.span), each.message, _fix(each.fix), _related(each.related), each.severity]


def unpacked_finding(path: str, span: list[int], message: str, fix: Any, related: list[Any], severity: Any) -> Finding:
    """A finding from JSON values."""
    return Finding(Place(path, _spanned(span)), message, _mended(fix), _others(related), severity)


def _fix(fix: Fix | None) -> list[Any] | None:
    return None if fix is None else [fix.message, [[_span(edit.span), edit.text] for edit in fix.edits], fix.applicability]


def _mended(fix: Any) -> Fix | None:
    return fix and Fix(fix[0], tuple(Edit(_spanned(where), text) for where, text in fix[1]), fix[2])


def _related(related: Sequence[Related]) -> list[Any]:
    return [[one.place.path, _span(one.place.span), one.message] for one in related]


def _others(related: list[Any]) -> tuple[Related, ...]:
    return tuple(Related(Place(where, _spanned(there)), said) for where, there, said in related)


def _span(span: Span) -> list[int]:
    return [span.start.row, span.start.column, span.end.row, span.end.column]


def _spanned(four: list[int]) -> Span:
    return Span(Position(four[0], four[1]), Position(four[2], four[3]))
