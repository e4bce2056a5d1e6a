"""Hover: a rule's paragraph on what it reports, and the facts of a variable."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from torchlint.analysis.views.explain import Variable
from torchlint.diagnostic import Diagnostic
from torchlint.evidence.pages import PageError, load_page
from torchlint.own_rules import OWN_RULES
from torchlint.server.diagnostics import url_of

_FACTS = (
    ("shape", "shape"),
    ("dtype", "dtype"),
    ("requires_grad", "requires_grad"),
    ("is_leaf", "is_leaf"),
    ("grad", "grad kept"),
    ("activation", "last activation"),
    ("mode", "mode"),
)


def hover(reports: Sequence[Diagnostic], variable: Variable | None, markdown: bool) -> types.Hover | None:
    """What is shown where these reports and this variable are; None if there is nothing to say."""
    parts = [_rule(each, markdown) for each in {report.code: report for report in reports}.values()]
    if variable is not None:
        parts.append(_variable(variable, markdown))
    if not parts:
        return None
    kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
    return types.Hover(types.MarkupContent(kind, ("\n\n---\n\n" if markdown else "\n\n").join(parts)))


def _rule(report: Diagnostic, markdown: bool) -> str:
    try:
        paragraph = load_page(report.name).paragraph
    except (KeyError, PageError):
        paragraph = next((own.meaning for own in OWN_RULES if own.code == report.code), report.message)
    url = url_of(report.code)
    if not markdown:
        return f"{report.name} ({report.code})\n{paragraph}" + (f"\n{url}" if url else "")
    title = f"**{report.name}** ({report.code})"
    return f"{title}\n\n{paragraph}" + (f"\n\n[The rule's page]({url})" if url else "")


def _variable(variable: Variable, markdown: bool) -> str:
    facts = [(label, getattr(variable, name)) for name, label in _FACTS if getattr(variable, name)]
    if not markdown:
        return "\n".join([f"{variable.name}: {variable.kind}", *(f"{label}: {fact}" for label, fact in facts)])
    rows = [f"- {label}: `{fact}`" for label, fact in facts]
    return "\n".join([f"`{variable.name}`: {variable.kind}", "", *rows]).rstrip()
