"""The rules as they are shown to a person: what each is about, and what its fix is."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from torchlint.diagnostic import Severity
from torchlint.evidence.pages import Page, load_page
from torchlint.own_rules import OWN_RULES, UNUSED_SUPPRESSION, OwnRule
from torchlint.rule import Rule

FAMILIES = {
    "TL1": "Tensors",
    "TL2": "Modules",
    "TL3": "Autograd",
    "TL4": "Losses and training",
    "TL5": "Shapes",
    "TL6": "Checkpoints",
    "TL7": "Images",
    "TL8": "Devices",
    "TL9": "torchlint itself",
}


@dataclass(frozen=True)
class Listed:
    """A rule, its text, and whether it mends: "safe", "unsafe", "safe or unsafe", or "none"."""

    code: str
    name: str
    severity: Severity
    default: bool
    summary: str
    text: str
    fix: str
    url: str | None

    @property
    def family(self) -> str:
        return FAMILIES.get(self.code[:3], "plugin")


def listed_rules() -> list[Listed]:
    """Every rule, those of plugins included, and the linter's own reports, by code. Raises BadPlugin."""
    from torchlint.lint.plugins import rules_in_force

    by_code: dict[str, list[Rule]] = {}
    for rule in rules_in_force():
        by_code.setdefault(rule.code, []).append(rule)
    return [*(_listed(rules) for rules in by_code.values()), *(_own(each) for each in OWN_RULES)]


def _listed(rules: list[Rule]) -> Listed:
    first = rules[0]
    page = _page(first.name)
    if page is None:
        text = (sys.modules[first.check.__module__].__doc__ or "This rule has no page.").strip()
        summary, text = text.partition("\n")[0], f"# {first.name} ({first.code})\n\n{text}\n"
    else:
        summary, text = page.summary, page.shown()
    fix = _fix(page, rules) if page else "unknown"
    return Listed(first.code, first.name, first.severity, first.default, summary, text, fix, first.url)


def _own(own: OwnRule) -> Listed:
    summary = f"{own.meaning[0].upper()}{own.meaning[1:]}."
    fix = "safe" if own is UNUSED_SUPPRESSION else "none"
    text = f"# {own.name} ({own.code})\n\n{summary}\n"
    return Listed(own.code, own.name, own.severity, own.default, summary, text, fix, own.url)


@cache
def _page(name: str) -> Page | None:
    try:
        return load_page(name)
    except KeyError:
        return None


def _fix(page: Page, rules: Iterable[Rule]) -> str:
    """What the reports on the page's own programs offer: what is shown cannot be out of date."""
    from torchlint.lint.linter import lint
    from torchlint.project.program import Program
    from torchlint.project.source import Source

    every = list(rules)
    seen: set[str] = set()
    for listing in page.listings:
        sources = {file.name: Source(file.name, file.plain) for file in listing.files}
        found = lint(Program(sources, frozenset(sources)), every)
        seen |= {each.fix.applicability for each in found if each.fix is not None and each.code == every[0].code}
    return " or ".join(sorted(seen)) or "none"
