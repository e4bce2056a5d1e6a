"""Reports as LSP diagnostics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache

from lsprotocol import converters, types

from torchlint.diagnostic import Diagnostic
from torchlint.lint.plugins import rules_in_force
from torchlint.own_rules import OWN_RULES
from torchlint.server.documents import Encoding
from torchlint.server.projects import Checked

SOURCE = "torchlint"
UNNECESSARY = frozenset({"unused-suppression", "unused-layer", "assignment-without-effect", "result-discarded"})
DEPRECATED = frozenset({"legacy-tensor-constructor", "removed-autograd-api"})
_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}


@cache
def _urls() -> dict[str, str]:
    own = {each.code: each.url for each in OWN_RULES}
    return {each.code: each.url for each in rules_in_force() if each.url is not None} | own


def url_of(code: str) -> str:
    """Where the rule's page is to be read."""
    return _urls().get(code, "")


def by_document(checked: Iterable[Checked]) -> dict[str, tuple[Checked, str, list[Diagnostic]]]:
    """Of each linted document, by its URI: where it was linted, its name there, and its reports in order."""
    found: dict[str, tuple[Checked, str, list[Diagnostic]]] = {}
    for each in checked:
        reports: dict[str, list[Diagnostic]] = {name: [] for name in _names(each)}
        for report in each.report.diagnostics:
            if report.place.path in reports:
                reports[report.place.path].append(report)
        found.update({each.uri(name): (each, name, own) for name, own in reports.items()})
    return found


def _names(checked: Checked) -> list[str]:
    """The documents of a project: plain files, and the cells of notebooks that are open."""
    notebooks = {file for file, cell in checked.opened.uris if cell is not None}
    plain = [path for path, file in checked.project.files.items() if file not in notebooks]
    cells = {(checked.report.files[name], cell): name for name, cell in checked.report.cells.items()}
    return [*plain, *(name for place, name in cells.items() if place in checked.opened.uris)]


def converted(
    checked: Checked, name: str, reports: Sequence[Diagnostic], encoding: Encoding, related: bool = True
) -> list[types.Diagnostic]:
    """A document's reports as the client reads them."""
    lines = checked.lines(name)
    return [
        types.Diagnostic(
            range=encoding.range(lines, each.place.span),
            message=each.message,
            severity=_SEVERITIES[each.severity],
            code=each.code,
            code_description=types.CodeDescription(url_of(each.code)) if url_of(each.code) else None,
            source=SOURCE,
            tags=_tags(each.name) or None,
            related_information=_related(checked, each, encoding) if related and each.related else None,
            data={"name": each.name},
        )
        for each in reports
    ]


def _related(checked: Checked, each: Diagnostic, encoding: Encoding) -> list[types.DiagnosticRelatedInformation]:
    return [
        types.DiagnosticRelatedInformation(
            types.Location(checked.uri(one.place.path), encoding.range(checked.lines(one.place.path), one.place.span)),
            one.message,
        )
        for one in each.related
    ]


def _tags(name: str) -> list[types.DiagnosticTag]:
    if name in UNNECESSARY:
        return [types.DiagnosticTag.Unnecessary]
    return [types.DiagnosticTag.Deprecated] if name in DEPRECATED else []


_converter = converters.get_converter()


def result_id(diagnostics: Sequence[types.Diagnostic]) -> str:
    """A text that differs wherever the diagnostics do."""
    data = json.dumps(_converter.unstructure(list(diagnostics)), sort_keys=True)
    return hashlib.blake2b(data.encode(), digest_size=12).hexdigest()
