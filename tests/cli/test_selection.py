"""Which rules run."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from torchlint.lint.selection import Selection, UnknownRule, check_selectors
from torchlint.own_rules import OWN_RULES


@dataclass(frozen=True)
class Fake:
    code: str
    name: str = "some-rule"
    default: bool = True


TL401, TL402, TL413 = Fake("TL401", "softmax"), Fake("TL402"), Fake("TL413")
OFF = Fake("TL208", "tensor-not-buffer", default=False)
RULES = (TL401, TL402, TL413, OFF)


def chosen(**selectors: tuple[str, ...]) -> list[str]:
    return [rule.code for rule in RULES if Selection(**selectors).takes(rule)]


def test_default_rules_without_selectors() -> None:
    assert chosen() == ["TL401", "TL402", "TL413"]


def test_all_takes_rules_that_are_off() -> None:
    assert chosen(select=("ALL",)) == ["TL401", "TL402", "TL413", "TL208"]


def test_prefix_takes_rules_that_are_off() -> None:
    assert chosen(select=("TL2",)) == ["TL208"]


def test_extension_adds_to_the_default_rules() -> None:
    assert chosen(extend=("tensor-not-buffer",)) == ["TL401", "TL402", "TL413", "TL208"]


def test_more_exact_selector_wins() -> None:
    assert chosen(select=("ALL",), ignore=("TL40",)) == ["TL413", "TL208"]
    assert chosen(select=("TL401",), ignore=("TL4",)) == ["TL401"]
    assert chosen(select=("TL4",), ignore=("softmax",)) == ["TL402", "TL413"]


def test_ignore_wins_a_draw() -> None:
    assert chosen(select=("TL401",), ignore=("TL401",)) == []
    assert chosen(ignore=("ALL",)) == []


def test_selector_may_be_written_small() -> None:
    assert chosen(select=("tl401",)) == ["TL401"]


@pytest.mark.parametrize(("selector", "near"), [("unused-supression", "unused-suppression"), ("all", "ALL")])
def test_unknown_selector_names_the_nearest(selector: str, near: str) -> None:
    with pytest.raises(UnknownRule, match=f"did you mean `{near}`"):
        check_selectors([selector], OWN_RULES)
