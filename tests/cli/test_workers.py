"""Many programs, workers, and what happens when one fails."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from torchlint.diagnostic import Diagnostic, Place, Position, Span
from torchlint.lint import workers
from torchlint.project.program import Program
from torchlint.project.source import Source


def program(*texts: str, prefix: str = "f") -> Program:
    sources = {f"{prefix}{number}.py": Source(f"{prefix}{number}.py", text) for number, text in enumerate(texts)}
    return Program(sources, frozenset(sources))


def lint(given: Program) -> list[Diagnostic]:
    """One report a file; "raise" raises, "die" ends the process."""
    found = []
    for path, source in sorted(given.sources.items(), reverse=True):
        if "die" in source.text:
            os._exit(3)
        if "raise" in source.text:
            raise RuntimeError("no\nidea")
        found.append(Diagnostic("TL401", "x", source.text[:20], Place(path, Span(Position(1, 1), Position(1, 2)))))
    return found


def lines(found: list[Diagnostic]) -> list[str]:
    return [f"{each.place.path} {each.code} {each.message}" for each in found]


@pytest.fixture
def tiny_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_CHARACTERS_PER_WORKER", 1)
    monkeypatch.setattr(workers, "_CHARACTERS_PER_BATCH", 1)


PROGRAMS = [program(f"text {number}", prefix=f"p{number}_") for number in range(20)]


def test_workers_report_the_same_in_the_same_order(tiny_batches: None) -> None:
    assert workers.run(PROGRAMS, lint, jobs=2) == workers.run(PROGRAMS, lint, jobs=1)


def test_small_work_stays_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_pool", lambda workers: pytest.fail("a worker was started"))
    assert len(workers.run(PROGRAMS, lint, jobs=8)) == 20


def test_failure_costs_one_file_and_is_one_line(tiny_batches: None) -> None:
    expected = [
        "f0.py TL401 good",
        "f1.py TL901 torchlint failed on this file (RuntimeError: no idea); please report it",
        "f2.py TL401 good",
    ]
    assert lines(workers.run([program("good", "raise", "good")], lint, jobs=1)) == expected


def test_death_of_a_worker_costs_one_file(tiny_batches: None) -> None:
    found = lines(workers.run([program("good", "die", "good"), *PROGRAMS], lint, jobs=2))
    assert found[:3] == [
        "f0.py TL401 good",
        "f1.py TL901 torchlint's worker died on this file; please report it",
        "f2.py TL401 good",
    ]
    assert len(found) == 23


def test_any_executor_will_do(tiny_batches: None) -> None:
    with ThreadPoolExecutor(2) as executor:
        found = workers.run_on(executor, PROGRAMS, lint, lambda done, total: None)
    assert sorted(found, key=lambda each: each.order) == workers.run(PROGRAMS, lint, jobs=1)


def test_progress_reaches_the_end(tiny_batches: None) -> None:
    told: list[tuple[int, int]] = []
    workers.run(PROGRAMS, lint, jobs=2, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (20, 20)


def test_many_small_programs_travel_together() -> None:
    batches = workers._batches([program("x" * 10, prefix=f"s{number}_") for number in range(5000)])
    assert len(batches) == 1
    start = time.perf_counter()
    workers._batches(PROGRAMS * 100)
    assert time.perf_counter() - start < 1
