"""Lint, fix, lint again."""

from __future__ import annotations

from collections.abc import Sequence

from torchlint.diagnostic import Diagnostic, Edit, Fix, Place, Position, Span
from torchlint.fix.rounds import Fixed, fix_programs
from torchlint.project.program import Program
from torchlint.project.source import Source


def replacing(path: str, old: str, new: str, text: str, applicability: str = "safe") -> Diagnostic:
    column = text.index(old) + 1
    span = Span(Position(1, column), Position(1, column + len(old)))
    fix = Fix("do", (Edit(span, new),), applicability)  # type: ignore[arg-type]
    return Diagnostic("TL401", "x", old, Place(path, span), fix=fix)


def fixed(texts: dict[str, str], rules: dict[str, str], unsafe: bool = False) -> Fixed:
    """Lint and fix with rules that replace one word by another; in capitals they are unsafe."""

    def run(programs: Sequence[Program]) -> list[Diagnostic]:
        return [
            replacing(path, old, new, source.text, "unsafe" if old.isupper() else "safe")
            for program in programs
            for path, source in sorted(program.sources.items())
            for old, new in rules.items()
            if old in source.text
        ]

    sources = {path: Source(path, text) for path, text in texts.items()}
    programs = [Program({path: source}, frozenset([path])) for path, source in sources.items()]
    return fix_programs(programs, run(programs), run, lambda fix: unsafe or fix.applicability == "safe")


def test_a_fix_may_make_room_for_the_next() -> None:
    outcome = fixed({"a.py": "one\n"}, {"one": "two", "two": "three"})
    assert (outcome.texts, outcome.count, outcome.diagnostics) == ({"a.py": "three\n"}, 2, [])


def test_fixes_that_undo_each_other_end() -> None:
    outcome = fixed({"a.py": "one\n"}, {"one": "two", "two": "one"})
    assert outcome.count == 10


def test_unsafe_fix_is_applied_when_wanted_alone() -> None:
    assert fixed({"a.py": "ONE\n"}, {"ONE": "two"}).texts == {}
    assert fixed({"a.py": "ONE\n"}, {"ONE": "two"}, unsafe=True).texts == {"a.py": "two\n"}


def test_fix_that_breaks_the_syntax_is_refused_and_the_report_stays() -> None:
    outcome = fixed({"a.py": "one\n", "b.py": "two\n"}, {"one": "(", "two": "three"})
    assert outcome.texts == {"b.py": "three\n"}
    assert outcome.refused == ["a.py"]
    assert [each.place.path for each in outcome.diagnostics] == ["a.py"]
