"""Comments that silence reports."""

from __future__ import annotations

import pytest

from torchlint.diagnostic import Diagnostic, Place, Position, Span
from torchlint.fix.apply import fix_text
from torchlint.lint.suppressions import Comments
from torchlint.project.source import Source

CODE, NAME = "TL401", "softmax-before-cross-entropy"


def problem(row: int, end_row: int | None = None, code: str = CODE, name: str = NAME) -> Diagnostic:
    return Diagnostic(code, name, "x", Place("a.py", Span(Position(row, 1), Position(end_row or row, 5))))


def left(text: str, *found: Diagnostic) -> list[Diagnostic]:
    comments = Comments(Source("a.py", text))
    return [each for each in found if not comments.silence(each)]


def unused(text: str, *found: Diagnostic) -> tuple[list[str], str]:
    """The reports on unused comments, and the text that their fixes make."""
    comments = Comments(Source("a.py", text))
    for each in found:
        comments.silence(each)
    reports = comments.unused({CODE, "TL101"})
    return [each.message for each in reports], fix_text(text, [each.fix for each in reports if each.fix])[0]


@pytest.mark.parametrize(
    "comment",
    [
        "# torchlint: ignore",
        f"# torchlint: ignore[{NAME}]",
        "# torchlint:ignore[TL101, TL401] as the loss is our own",
        "# torchlint: ignore[TL4]",
        "# noqa",
        "# NOQA:TL401",
        "# noqa: F401,TL401",
        "# noqa: E501 TL401",
        "# type: ignore  # noqa: TL401",
    ],
)
def test_comment_on_the_line_silences(comment: str) -> None:
    assert left(f"x = 1  {comment}\n", problem(1)) == []


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: F401",
        "# torchlint: ignore[TL402]",
        "# torchlint: ignore[]",
        "# torchlint: ignored",
        "# a comment on noqa",
        "# noqa-like",
        "# torchlint: ignore[softmax]",
    ],
)
def test_comment_for_something_else_does_not(comment: str) -> None:
    assert problem(1) in left(f"x = 1  {comment}\n", problem(1))


def test_comment_inside_a_string_is_none() -> None:
    assert left('x = "# noqa"\n', problem(1)) == [problem(1)]
    assert left('x = """\n# torchlint: off\n"""\ny = 1\n', problem(4)) == [problem(4)]


def test_comment_at_the_end_of_a_string_of_many_rows_speaks_for_all() -> None:
    assert left('f(x, """a\nb""")  # noqa: TL401\n', problem(1)) == []


def test_comment_at_the_end_of_a_formatted_string_of_many_rows_speaks_for_all() -> None:
    assert left('y = f"""{\n  x.size[0]\n} {f"{z}"} a\n"""  # noqa: TL401\n', problem(2)) == []


def test_comment_behind_a_decorator_speaks_for_it_alone() -> None:
    text = "@f(x)  # noqa: TL401\ndef g():\n    pass\n"
    assert left(text, problem(1), problem(2)) == [problem(2)]


def test_comment_behind_several_statements_speaks_for_all() -> None:
    assert left("c = x; d = y  # type: ignore # noqa: E501,TL401 # pragma: no cover\n", problem(1)) == []


def test_comment_behind_a_continued_line_speaks_for_all() -> None:
    assert left("x = f(y) + \\\n  1  # noqa: TL401\n", problem(1)) == []


def test_comment_on_the_last_row_of_a_call() -> None:
    assert left("x = f(\n  y,\n)  # noqa: TL401\n", problem(1, 3)) == []


def test_comment_inside_a_call_speaks_for_its_row_alone() -> None:
    assert left("x = f(\n  y,  # noqa: TL401\n)\n", problem(1, 3)) == [problem(1, 3)]


def test_comment_alone_speaks_for_the_next_line_of_code() -> None:
    text = "# torchlint: ignore[TL401]\n# why\n\nx = 1\ny = 2\n"
    assert left(text, problem(4), problem(5)) == [problem(5)]


@pytest.mark.parametrize(
    "comment", ["# torchlint: ignore-file", f"# torchlint: ignore-file[{NAME}]", "# flake8: noqa", "# flake8: noqa: TL401"]
)
def test_comment_for_the_file(comment: str) -> None:
    assert left(f"x = 1\n{comment}\n", problem(1)) == []


def test_block() -> None:
    text = "a\n# torchlint: off\nb\n# torchlint: on\nc\n# torchlint: off[TL401]\nd\n"
    found = [problem(row) for row in (1, 3, 5, 7)]
    assert left(text, *found) == [problem(1), problem(5)]
    other = problem(7, code="TL101", name="size-not-called")
    assert left(text, other) == [other]


def test_file_that_is_no_python_keeps_its_comments_up_to_the_fault() -> None:
    syntax = problem(2, code="TL900", name="syntax-error")
    assert left("x = 1  # noqa\ndef f(:  # noqa\n", problem(1), syntax) == [syntax]


def test_unused_name_is_reported_and_removed() -> None:
    messages, text = unused("x = 1  # torchlint: ignore[TL101, TL401]\n", problem(1))
    assert messages == ["this comment has no effect: nothing is reported here for `TL101`; remove it"]
    assert text == "x = 1  # torchlint: ignore[TL401]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # torchlint: ignore[TL401]\ny\n", "x = 1\ny\n"),
        ("x = 1  # torchlint: ignore[TL401] for a reason\n", "x = 1\n"),
        ("x = 1  # type: int  # noqa: TL401\n", "x = 1  # type: int\n"),
        ("x = 1  # noqa: TL401  # type: int\n", "x = 1  # type: int\n"),
        ("x = 1  # noqa: F401, TL401\n", "x = 1  # noqa: F401\n"),
        ("x = 1  # noqa: TL401, F401\n", "x = 1  # noqa: F401\n"),
        ("# torchlint: ignore-file\nx = 1\n", "x = 1\n"),
        ("# torchlint: off\r\nx = 1\r\n# torchlint: on\r\n", "x = 1\r\n# torchlint: on\r\n"),
        ("x = 1\n# torchlint: on", "x = 1\n"),
    ],
)
def test_unused_comment_is_removed_alone(before: str, after: str) -> None:
    messages, text = unused(before)
    assert len(messages) == 1
    assert text == after


@pytest.mark.parametrize(
    "text", ["x = 1  # noqa\n", "x = 1  # noqa: F401\n", "x = 1  # torchlint: ignore[TL413]\n", "# flake8: noqa\n"]
)
def test_comment_of_another_tool_or_of_a_rule_that_did_not_run_is_left_alone(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    monkeypatch.setattr("torchlint.lint.plugins.rules_in_force", lambda: [SimpleNamespace(code="TL413", name="eval-without-no-grad")])
    assert unused(text)[0] == []


def test_comment_that_names_no_known_rule_is_reported() -> None:
    messages, _ = unused("x = 1  # torchlint: ignore[softmax-befor-cross-entropy]\n")
    assert len(messages) == 1


def test_report_on_an_unused_comment_can_be_silenced() -> None:
    assert unused("x = 1  # torchlint: ignore[TL401, TL902]\n")[0] == []
