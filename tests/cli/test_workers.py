"""Many programs, workers, and what happens when one fails."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.conftest import Torchlint
from torchlint.cli import cli
from torchlint.diagnostic import Diagnostic, Place, Position, Span
from torchlint.lint import workers
from torchlint.lint.checks import Checks, Choice
from torchlint.lint.interrupted import Interrupted
from torchlint.project.program import Program
from torchlint.project.source import Source

EXAMPLES = Path(__file__).parents[2] / "examples"


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
        found = [each for part, _ in workers.run_on(executor, PROGRAMS, lint) for each in part]
    assert sorted(found, key=lambda each: each.order) == workers.run(PROGRAMS, lint, jobs=1)


def test_progress_reaches_the_end(tiny_batches: None) -> None:
    told: list[tuple[int, int]] = []
    workers.run(PROGRAMS, lint, jobs=2, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (20, 20)


@pytest.mark.parametrize("jobs", [1, 2])
def test_who_ends_a_run_gets_what_is_done(tiny_batches: None, jobs: int) -> None:
    def stop(done: int, total: int) -> None:
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        workers.run(PROGRAMS, lint, jobs=jobs, progress=stop)
    assert (stopped.value.done, stopped.value.total) == (3, 20)
    assert len(stopped.value.found) == 3
    assert not multiprocessing.active_children()


def test_a_run_that_is_ended_reports_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.py").write_text("import torch\nfrom torch import nn\nnn.Linear(4, 2)(torch.zeros(3, 5))\n")

    def ended(programs: Sequence[Program], *rest: object) -> list[Diagnostic]:
        raise Interrupted([found for each in programs for found in Checks(Choice(frozenset(["TL502"])))(each)], 1, 2)

    monkeypatch.setattr(workers, "run", ended)
    outcome = CliRunner().invoke(cli, [str(tmp_path), "--no-cache", "--isolated"])
    assert outcome.exit_code == 130
    assert "1 of 2 programs" in outcome.stderr and "TL502" in outcome.stdout


def test_reports_do_not_depend_on_how_python_hashes(torchlint: Torchlint) -> None:
    told = [torchlint(str(EXAMPLES), "--select", "ALL", "--no-cache", "--output-format", "json", PYTHONHASHSEED=str(seed)).out for seed in range(3)]
    assert "TL" in told[0]
    assert told[1:] == [told[0], told[0]]


def test_many_small_programs_travel_together() -> None:
    batches = workers._batches([program("x" * 10, prefix=f"s{number}_") for number in range(5000)])
    assert len(batches) == 1
    start = time.perf_counter()
    workers._batches(PROGRAMS * 100)
    assert time.perf_counter() - start < 1
