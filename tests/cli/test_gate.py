"""The look before the work leaves nothing out."""

from __future__ import annotations

import pytest

from torchlint.evidence.pages import load_page, page_names
from torchlint.lint import linter
from torchlint.lint.gate import can_fire, lint_gated
from torchlint.lint.linter import lint
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import all_rules


def program(texts: dict[str, str]) -> Program:
    sources = {path: Source(path, text) for path, text in texts.items()}
    return Program(sources, frozenset(sources), ("",))


@pytest.mark.parametrize("page", page_names())
def test_gate_changes_no_report_on_the_pages(page: str) -> None:
    for listing in load_page(page).listings:
        given = program({file.name: file.plain for file in listing.files})
        assert lint_gated(given, all_rules()) == lint(given, all_rules()), listing.row


def test_syntax_error_is_reported_where_no_rule_can_fire() -> None:
    given = program({"a.py": "def f(:\n", "b.py": "return 1\n", "c.py": "x = 1\n"})
    assert lint_gated(given, all_rules()) == lint(given, all_rules())
    assert [each.code for each in lint_gated(given, all_rules())] == ["TL900"]


def test_program_without_the_words_is_not_interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linter, "lint", lambda program, rules: pytest.fail("it was interpreted"))
    assert lint_gated(program({"a.py": "import os\n"}), all_rules()) == []


def test_words_may_be_in_any_file_of_the_program() -> None:
    (rule,) = (each for each in all_rules() if each.code == "TL401")
    assert rule.words
    apart = [" ".join(group[-1] for group in rule.words[:1]), " ".join(group[-1] for group in rule.words[1:])]
    assert can_fire([rule], apart) == (rule,)
    assert can_fire([rule], ["import os"]) == ()
