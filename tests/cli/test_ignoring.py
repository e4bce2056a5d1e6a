"""Writing suppression comments."""

from __future__ import annotations

import pytest

from tests.cli.test_suppressions import NAME, problem
from torchlint.lint.ignoring import add_ignores
from torchlint.lint.suppressions import Comments
from torchlint.project.source import Source

IGNORE = f"# torchlint: ignore[{NAME}]"


@pytest.mark.parametrize(
    ("before", "row", "after"),
    [
        ("x = 1\r\ny\r\n", 1, f"x = 1  {IGNORE}\r\ny\r\n"),
        ("x = 1", 1, f"x = 1  {IGNORE}"),
        ("x = 1  # why\n", 1, f"x = 1  # why  {IGNORE}\n"),
        ("x = '#'   \n", 1, f"x = '#'  {IGNORE}\n"),
        ('f("""\n#""", 1)\n', 1, f'f("""\n#""", 1)  {IGNORE}\n'),
        ("x = 1 + \\\n  2\n", 1, f"x = 1 + \\\n  2  {IGNORE}\n"),
        ("f(\n  1,\n)\n", 1, f"f(  {IGNORE}\n  1,\n)\n"),
        ("x  # torchlint: ignore[TL101]\n", 1, f"x  # torchlint: ignore[TL101, {NAME}]\n"),
        ("x  # noqa: F401\n", 1, f"x  # noqa: F401  {IGNORE}\n"),
    ],
)
def test_comment_goes_where_it_silences(before: str, row: int, after: str) -> None:
    found = problem(row, row + 2)
    text, count = add_ignores(before, [found])
    assert (text, count) == (after, 1)
    assert Comments(Source("a.py", text)).silence(found)


def test_two_problems_of_a_line_share_a_comment() -> None:
    other = problem(1, code="TL101", name="size-not-called")
    text, count = add_ignores("x\n", [problem(1), other, problem(1)])
    assert (text, count) == (f"x  # torchlint: ignore[size-not-called, {NAME}]\n", 3)


def test_syntax_error_cannot_be_silenced() -> None:
    assert add_ignores("def f(:\n", [problem(1, code="TL900", name="syntax-error")]) == ("def f(:\n", 0)
