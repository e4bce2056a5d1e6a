"""The programs of docs/found.md: torchlint reports what the heading names at the marked line, and torch shows the harm."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from torchlint.lint.linter import lint
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import all_rules

PAGE = Path(__file__).parents[2] / "docs" / "found.md"
_SECTION = re.compile(r"^## (?P<title>[^\n]*)\((?P<code>TL\d+)\)\n(?P<text>.*?)```python\n(?P<program>.*?)```", re.MULTILINE | re.DOTALL)
SECTIONS = list(_SECTION.finditer(PAGE.read_text(encoding="utf-8")))


def test_each_section_has_a_program() -> None:
    assert len(SECTIONS) == PAGE.read_text(encoding="utf-8").count("\n## ")


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section["title"].strip())
def test_what_was_found_is_reported_and_shown(section: re.Match[str]) -> None:
    program = section["program"]
    marked = [row for row, line in enumerate(program.splitlines(), 1) if line.endswith("# error")]
    found = lint(Program({"found.py": Source("found.py", program)}, frozenset({"found.py"})), all_rules())
    assert [each.place.span.start.row for each in found if each.code == section["code"]] == marked
    exec(compile(program, "found.py", "exec"), {"__name__": "found"})
