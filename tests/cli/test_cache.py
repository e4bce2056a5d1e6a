"""What is known already is not asked again, and only that."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Torchlint
from tests.cli.test_reports import FOUND
from torchlint.diagnostic import Diagnostic, Place, Position, Span
from torchlint.lint import cache
from torchlint.lint.cache import Cache, program_key, run_cached
from torchlint.lint.checks import Checks, Choice
from torchlint.lint.encoding import decode, encode
from torchlint.project.program import Program
from torchlint.project.source import Source

Write = Callable[..., Path]
CHOICE = Choice(frozenset(["TL401"]))
CHECKS = Checks(CHOICE)


def program(**texts: str) -> Program:
    sources = {f"{name}.py": Source(f"{name}.py", text) for name, text in texts.items()}
    return Program(sources, frozenset(sources), ("",))


def report(path: str, code: str = "TL401") -> Diagnostic:
    return Diagnostic(code, "n", "m", Place(path, Span(Position(1, 1), Position(1, 2))))


def test_diagnostics_survive_the_cache() -> None:
    assert decode(encode(FOUND)) == list(FOUND)


def test_known_program_is_not_run_again(tmp_path: Path) -> None:
    ran: list[Program] = []

    def run(programs: object) -> list[Diagnostic]:
        ran.extend(programs)  # type: ignore[call-overload]
        return [report(path) for each in programs for path in sorted(each.linted)]  # type: ignore[attr-defined]

    one, two = program(a="1"), program(b="2")
    first = run_cached([one], CHECKS, run, Cache(str(tmp_path)))
    second = run_cached([two, one], CHECKS, run, Cache(str(tmp_path)))
    assert ran == [one, two]
    assert first == [report("a.py")]
    assert second == [report("a.py"), report("b.py")]


def test_choices_are_in_the_key_whichever_is_the_usual_one() -> None:
    other = replace(CHOICE, codes=frozenset(["TL402"]))
    assert program_key(BASE, Checks(CHOICE, {"b.py": other})) == program_key(BASE, Checks(other, {"a.py": CHOICE}))


def test_failure_is_not_remembered(tmp_path: Path) -> None:
    known = Cache(str(tmp_path))
    run_cached([program(a="1")], CHECKS, lambda _: [report("a.py", "TL901")], known)
    assert run_cached([program(a="1")], CHECKS, lambda _: [], known) == []


BASE = program(a="import b", b="x")


@pytest.mark.parametrize(
    ("other", "checks"),
    [
        (program(a="import b", b="y"), CHECKS),
        (program(a="import bx", b=""), CHECKS),
        (program(a="import b", c="x"), CHECKS),
        (replace(BASE, linted=frozenset(["a.py"])), CHECKS),
        (replace(BASE, roots=("src",)), CHECKS),
        (replace(BASE, targets={"a.py": (2, 3)}), CHECKS),
        (BASE, Checks(replace(CHOICE, codes=frozenset(["TL402"])))),
        (BASE, Checks(replace(CHOICE, unused=False))),
        (BASE, Checks(replace(CHOICE, complete=False))),
        (BASE, Checks(CHOICE, {"b.py": replace(CHOICE, ignored=frozenset(["TL401"]))})),
        (BASE, replace(CHECKS, comments=False)),
    ],
    ids=["text", "border", "name", "linted", "roots", "target", "rules", "unused", "complete", "ignored", "comments"],
)
def test_whatever_decides_is_in_the_key(other: Program, checks: Checks) -> None:
    assert program_key(other, checks) != program_key(BASE, CHECKS)


def test_another_version_of_torchlint_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = program_key(BASE, CHECKS)
    monkeypatch.setattr(cache, "fingerprint", lambda: "another")
    assert program_key(BASE, CHECKS) != before


def test_ruined_or_unwritable_cache_is_no_failure(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("a.py", "x = 1  # noqa: TL401\n")
    write(".cache/cache.sqlite", b"ruined " * 1000)
    assert torchlint(".").code == 1
    assert torchlint(".", TORCHLINT_CACHE_DIR=str(tmp_path / "a.py")).code == 1


def test_run_that_is_all_cache_does_not_import_the_interpreter(torchlint: Torchlint, write: Write) -> None:
    write("a.py", "import torch\nx = 1  # noqa: TL401\n")
    first = torchlint(".", "--output-format", "json")
    second = torchlint(".", "--output-format", "json", PYTHONPROFILEIMPORTTIME="1")
    assert json.loads(second.out) == json.loads(first.out)
    assert "torchlint.lint.cache" in second.err
    assert "torchlint.analysis" not in second.err
    assert "torchlint.lint.workers" not in second.err


def test_no_cache_leaves_nothing_behind(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("a.py")
    torchlint(".", "--no-cache")
    assert not (tmp_path / ".cache").exists()
