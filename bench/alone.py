"""Whether a file linted alone says what the whole run says of it: `python bench/alone.py [--sample N] [--seed N] PROJECT …`.

Each project is linted as a whole, by all rules, and then N of its files one by one; differences are listed.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from torchlint.diagnostic import Diagnostic
from torchlint.lint.checks import Checks, Choice
from torchlint.project import files, programs
from torchlint.rule import all_rules

CHECKS = Checks(Choice(frozenset(each.code for each in all_rules())))


def reports(linted: list[str], folder: str) -> list[Diagnostic]:
    which = files.Filter(files.default_excludes(folder))
    loaded = programs.load(linted, which=which)
    return [found for program in loaded.programs for found in CHECKS(program)]


def told(found: Iterable[Diagnostic]) -> set[tuple[str, int, int, str]]:
    return {(each.code, each.place.span.start.row, each.place.span.start.column, each.message) for each in found}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+")
    parser.add_argument("--sample", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    compared = different = 0
    for project in [os.path.abspath(each) for each in arguments.projects]:
        os.chdir(project)
        every = files.discover([project], files.Filter(files.default_excludes(project)))
        whole = reports(every, project)
        reported = sorted({os.path.abspath(each.place.path) for each in whole})
        random.seed(arguments.seed)
        others = [file for file in every if file not in reported and file.endswith(".py")]
        chosen = random.sample(reported, min(len(reported), arguments.sample)) + random.sample(others, min(len(others), arguments.sample // 2))
        for file in chosen:
            path = programs.shown(file, project)
            expected = told(each for each in whole if each.place.path == path and each.home is None)
            alone = told(each for each in reports([file], project) if each.place.path == path and each.home is None)
            compared += 1
            if expected != alone:
                different += 1
                for row in sorted(expected - alone):
                    print(f"{path}: only in the whole: {row}")
                for row in sorted(alone - expected):
                    print(f"{path}: only alone: {row}")
    print(f"{compared} files compared, {different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
