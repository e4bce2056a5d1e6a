"""Lint, fix, lint again: until nothing changes."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torchlint.diagnostic import Diagnostic, Fix
from torchlint.fix.apply import apply_fixes
from torchlint.project.program import Program
from torchlint.project.source import Source

_ROUNDS = 10

Run = Callable[[Sequence[Program]], list[Diagnostic]]


@dataclass(frozen=True)
class Fixed:
    """The new texts by path, what is still reported, how many fixes were applied by path, code and
    name, and which files were left alone because their fixes made no Python of them."""

    texts: Mapping[str, str]
    diagnostics: Sequence[Diagnostic]
    applied: Mapping[tuple[str, str, str], int]
    refused: Sequence[str] = field(default=())

    @property
    def count(self) -> int:
        return sum(self.applied.values())


def fix_programs(
    programs: Sequence[Program],
    found: Sequence[Diagnostic],
    run: Run,
    wanted: Callable[[Fix], bool],
    writable: Callable[[str, str], bool] = lambda path, text: True,
) -> Fixed:
    """Apply the wanted fixes of `found`, lint what changed, and so on, at most ten times.

    `writable` says of a path and its new text whether the file can take it.
    """
    current = list(programs)
    left = list(found)
    texts: dict[str, str] = {}
    refused: set[str] = set()
    applied: Counter[tuple[str, str, str]] = Counter()
    for _ in range(_ROUNDS):
        changed: dict[str, str] = {}
        for path, reports in _by_path(left, wanted).items():
            source = next(each.sources[path] for each in current if path in each.linted)
            text, mended = _fixed(source.text, reports)
            if text is None or not writable(path, text):
                refused.add(path)
            elif path not in refused and text != source.text:
                changed[path] = text
                applied.update((path, each.code, each.name) for each in mended)
        if not changed:
            break
        texts.update(changed)
        current = [_with(program, changed) for program in current]
        touched = [program for program in current if program.sources.keys() & changed.keys()]
        again = {path for program in touched for path in program.linted}
        left = [each for each in left if each.place.path not in again] + run(touched)
    return Fixed(texts, sorted(left, key=lambda each: each.order), applied, sorted(refused))


def _by_path(found: Sequence[Diagnostic], wanted: Callable[[Fix], bool]) -> dict[str, list[Diagnostic]]:
    mendable: dict[str, list[Diagnostic]] = {}
    for each in found:
        if each.fix is not None and wanted(each.fix):
            mendable.setdefault(each.place.path, []).append(each)
    return mendable


def _fixed(text: str, reports: Sequence[Diagnostic]) -> tuple[str | None, list[Diagnostic]]:
    """The fixed text and what is mended by it, or None where it is no Python any more and was before."""
    owners = {id(each.fix): each for each in reports}
    try:
        new, applied = apply_fixes(text, [each.fix for each in reports if each.fix is not None])
    except ValueError:
        return None, []
    if _parses(text) and not _parses(new):
        return None, []
    return new, [owners[id(fix)] for fix in applied]


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _with(program: Program, changed: Mapping[str, str]) -> Program:
    if not program.sources.keys() & changed.keys():
        return program
    sources = {path: Source(path, changed.get(path, source.text)) for path, source in program.sources.items()}
    return program.with_sources(sources)
