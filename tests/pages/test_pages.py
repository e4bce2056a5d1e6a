"""Every page, program by program: it runs, it is reported as marked, and its fix is what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pkgutil import iter_modules

import pytest
from _pytest.mark import ParameterSet

import torchlint.rules
from tests.pages import stages
from torchlint.evidence.pages import Listing
from torchlint.evidence.torch_process import TorchProcess
from torchlint.rule import all_rules

RULE_PAGES = [stages.read(path) for path in sorted(stages.ROOT.glob("rules/*.md"))]
FURTHER_PAGES = [
    stages.read(path)
    for path in [*sorted(stages.ROOT.glob("tests/regressions/*.md")), stages.ROOT / "docs/notes.md"]
    if path.exists()
]
PAGES = RULE_PAGES + FURTHER_PAGES


def identify(shown: stages.Shown, listing: Listing) -> str:
    words = re.sub(r"\W+", "-", f"{listing.section} {listing.heading}".strip()).lower()
    return f"{shown.path}-{words}-line-{listing.row}"


def listings() -> Iterator[ParameterSet]:
    for shown in PAGES:
        for listing in shown.page.listings:
            yield pytest.param(shown, listing, id=identify(shown, listing))


def fixed_listings() -> Iterator[ParameterSet]:
    for shown in PAGES:
        for before, after in stages.fix_pairs(shown.page):
            yield pytest.param(shown, before, after, id=identify(shown, before))


def check(complaints: Iterator[str]) -> None:
    found = list(complaints)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("shown", RULE_PAGES, ids=lambda shown: shown.path)
def test_has_the_form_of_a_page(shown: stages.Shown) -> None:
    check(stages.form(shown))


@pytest.mark.parametrize(("shown", "listing"), list(listings()))
def test_runs(shown: stages.Shown, listing: Listing, torch_process: TorchProcess) -> None:
    check(stages.runs(shown, listing, torch_process))


@pytest.mark.parametrize(("shown", "listing"), list(listings()))
def test_is_reported_as_marked(shown: stages.Shown, listing: Listing) -> None:
    check(stages.reports(shown, listing, stages.rule_of(shown.page)))


@pytest.mark.parametrize(("shown", "before", "after"), list(fixed_listings()))
def test_is_fixed_as_shown(shown: stages.Shown, before: Listing, after: Listing) -> None:
    check(stages.fixes(shown, before, after, stages.rule_of(shown.page)))


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    modules = {info.name.replace("_", "-") for info in iter_modules(torchlint.rules.__path__)}
    assert {shown.page.name for shown in RULE_PAGES} == modules


def test_titles_are_the_names_and_codes_of_the_rules() -> None:
    titles = {shown.page.title for shown in RULE_PAGES}
    assert titles == {f"{rule.name} ({rule.code})" for rule in all_rules()}


def test_every_regression_page_is_named_for_a_rule() -> None:
    names = {shown.page.name for shown in FURTHER_PAGES if shown.path.startswith("tests/regressions/")}
    assert names <= {rule.name for rule in all_rules()}
