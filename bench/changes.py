"""Whether a run after a change, which uses again what was known, says what a run from nothing says; and what it takes.

usage: python bench/changes.py [--sample N] [--seed N] PROJECT …

Each project is linted, and then N times one of its files is changed (a comment, a number, a name, a line less, a line doubled) and linted
again both ways; the change is kept for the next one. Differences are listed, times given as ratios to the run from nothing.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

from torchlint.lint.cache import Cache
from torchlint.lint.gate import lint_gated
from torchlint.project import files, programs
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import all_rules

_DEFINITION = re.compile(r"^\s*(?:def|class) (\w+)", re.MULTILINE)


def comment(lines: list[str], chance: random.Random) -> str:
    at = chance.randrange(len(lines))
    lines[at] += "" if lines[at].endswith("\\") else "  # changed"
    return "\n".join(lines)


def less(lines: list[str], chance: random.Random) -> str:
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def doubled(lines: list[str], chance: random.Random) -> str:
    at = chance.randrange(len(lines))
    return "\n".join([*lines[:at], lines[at], *lines[at:]])


def number(lines: list[str], chance: random.Random) -> str:
    text = "\n".join(lines)
    found = list(re.finditer(r"\b\d+\b", text))
    if not found:
        return text
    one = chance.choice(found)
    return text[: one.start()] + str(int(one[0]) + 1) + text[one.end() :]


def renamed(lines: list[str], chance: random.Random) -> str:
    text = "\n".join(lines)
    found = list(_DEFINITION.finditer(text))
    if not found:
        return text
    one = chance.choice(found)
    return text[: one.start(1)] + one[1] + "_renamed" + text[one.end(1) :]


CHANGES: tuple[Callable[[list[str], random.Random], str], ...] = (comment, less, doubled, number, renamed)


def told(program: Program, cache: Cache | None) -> tuple[list[tuple[object, ...]], float]:
    """What is reported of a program, and the processor time that it takes."""
    start = time.process_time()
    found = lint_gated(program, all_rules(), cache=cache)
    return [(each.place, each.code, each.message, each.fix, each.related) for each in found], time.process_time() - start


def loaded(folder: str) -> Program:
    """The biggest program of a folder."""
    which = files.Filter(files.default_excludes(folder))
    project = programs.load(files.discover([folder], which), [folder], which=which)
    return max(project.programs, key=lambda each: len(each.sources))


def compare(folder: str, sample: int, chance: random.Random) -> None:
    program = loaded(folder)
    with tempfile.TemporaryDirectory() as place:
        cache = Cache(place)
        _, cold = told(program, cache)
        taken: list[float] = []
        wrong = 0
        for _ in range(sample):
            path = chance.choice(sorted(program.sources))
            change = chance.choice(CHANGES)
            text = change(program.sources[path].text.split("\n"), chance)
            program = replace(program, sources={**program.sources, path: Source(path, text)})
            (again, cost), (fresh, _) = told(program, cache), told(program, None)
            taken.append(cost / cold)
            for only, found in (("after the change", [each for each in again if each not in fresh]), ("from nothing", [each for each in fresh if each not in again])):
                for each in found:
                    wrong += 1
                    print(f"{path}, {change.__name__}: only {only}: {each}"[:400])
        taken.sort()
        print(f"{folder}: {len(program.sources)} files, {sample} changes, {wrong} differences, a run after one takes {taken[len(taken) // 2]:.2f} (median) to {taken[-1]:.2f} of {cold:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+")
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for folder in given.projects:
        compare(folder, given.sample, random.Random(given.seed))


if __name__ == "__main__":
    main()
