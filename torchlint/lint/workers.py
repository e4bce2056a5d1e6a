"""Many programs: linted in order of size by worker processes, reported in order of place."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from torchlint.diagnostic import Diagnostic
from torchlint.lint.interrupted import Interrupted
from torchlint.own_rules import INTERNAL_ERROR
from torchlint.project.program import Program
from torchlint.project.source import Source

Lint = Callable[[Program], list[Diagnostic]]
Progress = Callable[[int, int], None]

# Diagnostics, and of how many programs they are.
Part = tuple[list[Diagnostic], int]

# Below this many characters per worker, starting a worker costs more than it saves.
_CHARACTERS_PER_WORKER = 400_000
_CHARACTERS_PER_BATCH = 200_000


def run(programs: Sequence[Program], lint: Lint, jobs: int = 0, progress: Progress | None = None) -> list[Diagnostic]:
    """The diagnostics of all programs, in order. `jobs` 0 takes what the machine has.

    `lint` is called in other processes if there is enough to do, so it has to be picklable. Where
    it fails, the program's files are linted one by one, and a file that fails alone is reported.
    Raises Interrupted where a person ends it, with what is done.
    """
    size = sum(_size(program) for program in programs)
    workers = min(jobs or _processors(), max(1, size // _CHARACTERS_PER_WORKER), len(programs) or 1)
    tell = progress or (lambda done, total: None)
    found: list[Diagnostic] = []
    done = 0
    try:
        for part, count in _one_by_one(programs, lint) if workers == 1 else _divided(programs, lint, workers):
            tell(done, len(programs))
            found += part
            done += count
    except KeyboardInterrupt:
        raise Interrupted(sorted(found, key=lambda each: each.order), done, len(programs)) from None
    tell(done, len(programs))
    return sorted(found, key=lambda each: each.order)


def _one_by_one(programs: Sequence[Program], lint: Lint) -> Iterator[Part]:
    for program in programs:
        yield lint_safely(program, lint), 1


def _divided(programs: Sequence[Program], lint: Lint, workers: int) -> Iterator[Part]:
    with _pool(workers) as executor:
        try:
            yield from run_on(executor, programs, lint)
        except (KeyboardInterrupt, GeneratorExit):
            # Nobody waits for what the workers are at.
            for process in multiprocessing.active_children():
                process.kill()
            raise


def run_on(executor: Executor, programs: Sequence[Program], lint: Lint) -> Iterator[Part]:
    """The diagnostics of all programs on any executor, batch by batch as they are done; a worker's death costs one file."""
    lost: list[Program] = []
    futures: dict[Future[list[Diagnostic]], list[Program]] = {}
    for batch in _batches(programs):
        futures[executor.submit(_lint_batch, batch, lint)] = batch
    for future in as_completed(futures):
        try:
            yield future.result(), len(futures[future])
        except (BrokenProcessPool, OSError):
            lost += futures[future]
    for program in lost:
        yield _lint_apart(program, lint), 1


def lint_safely(program: Program, lint: Lint) -> list[Diagnostic]:
    """The diagnostics of a program; where the linter fails, those of its files, each taken alone."""
    try:
        return lint(program)
    except Exception as error:
        if len(program.sources) == 1:
            return _failures(program, f"torchlint failed on this file ({_in_one_line(error)}); please report it")
        return [found for part in _single(program) for found in lint_safely(part, lint)]


def _pool(workers: int) -> ProcessPoolExecutor:
    # Forked workers share what is imported already; elsewhere they start anew.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() and os.uname().sysname == "Linux" else "spawn"
    if method == "fork":
        import torchlint.lint.linter  # noqa: F401
        from torchlint.lint.plugins import rules_in_force

        rules_in_force()
    return ProcessPoolExecutor(workers, multiprocessing.get_context(method), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))


def _lint_batch(programs: Sequence[Program], lint: Lint) -> list[Diagnostic]:
    return [found for program in programs for found in lint_safely(program, lint)]


def _lint_apart(program: Program, lint: Lint) -> list[Diagnostic]:
    """A program whose worker may have died of it: in a worker of its own, then file by file."""
    with _pool(1) as executor:
        try:
            return executor.submit(lint_safely, program, lint).result()
        except (BrokenProcessPool, OSError):
            pass
    if len(program.sources) == 1:
        return _failures(program, "torchlint's worker died on this file; please report it")
    return [found for part in _single(program) for found in _lint_apart(part, lint)]


def _single(program: Program) -> list[Program]:
    return [
        Program({path: Source(path, program.sources[path].text)}, frozenset([path]), program.roots, targets=program.targets)
        for path in sorted(program.linted)
    ]


def _failures(program: Program, message: str) -> list[Diagnostic]:
    return [INTERNAL_ERROR.on(path, message) for path in sorted(program.linted)]


def _in_one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _batches(programs: Sequence[Program]) -> list[list[Program]]:
    """The programs, big ones first and alone, small ones together."""
    batches: list[list[Program]] = []
    filled = _CHARACTERS_PER_BATCH
    for program in sorted(programs, key=_size, reverse=True):
        if filled + _size(program) > _CHARACTERS_PER_BATCH:
            batches.append([])
            filled = 0
        batches[-1].append(program)
        filled += _size(program)
    return batches


def _size(program: Program) -> int:
    return sum(len(source.text) for source in program.sources.values())


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
