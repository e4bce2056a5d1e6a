"""How a whole cold run compares with libcst's bare parse of the same files.

usage: python bench/speed.py DIR [DIR …]

Each figure is processor time of one process on one core, in one run, so that ratios hold on a
machine whose speed drifts. A folder of projects (one project a subfolder) is taken project by project.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import time
from pathlib import Path

import libcst

from torchlint.cli import MOST_OBJECTS
from torchlint.lint.gate import lint_gated
from torchlint.project import files, programs
from torchlint.rule import all_rules


def readable(paths: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in paths:
        try:
            texts[path] = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return texts


def parse_seconds(texts: dict[str, str]) -> float:
    start = time.process_time()
    for text in texts.values():
        try:
            libcst.parse_module(text)
        except Exception:
            continue
    return time.process_time() - start


def lint_seconds(folder: str) -> float:
    start = time.process_time()
    which = files.Filter(files.default_excludes(folder))
    loaded = programs.load(files.discover([folder], which), [folder], which=which)
    for program in loaded.programs:
        lint_gated(program, all_rules())
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--each", action="store_true", help="take each subfolder as a project of its own")
    arguments = parser.parse_args()
    folders = [os.path.abspath(folder) for folder in arguments.folders]
    if arguments.each:
        folders = sorted(entry.path for folder in folders for entry in os.scandir(folder) if entry.is_dir())
    gc.set_threshold(MOST_OBJECTS)
    all_rules()
    lines = count = 0
    parsing = linting = 0.0
    per_file: list[float] = []
    for folder in folders:
        texts = readable([str(path) for path in Path(folder).rglob("*.py")])
        if not texts:
            continue
        lines += sum(text.count("\n") for text in texts.values())
        count += len(texts)
        parsing += parse_seconds(texts)
        spent = lint_seconds(folder)
        linting += spent
        per_file += [spent / len(texts)] * len(texts)
    per_file.sort()
    print(f"python {sys.version.split()[0]}, libcst {getattr(libcst, '__version__', '?')}, rules {len(all_rules())}")
    print(f"{count} files, {lines} lines")
    print(f"libcst.parse_module  {parsing:8.1f} s  {lines / parsing:8.0f} lines/s")
    print(f"torchlint, cold      {linting:8.1f} s  {lines / linting:8.0f} lines/s")
    print(f"ratio                {linting / parsing:8.2f}")
    print(f"a file               {statistics.mean(per_file) * 1000:8.1f} ms mean, {per_file[int(len(per_file) * 0.95)] * 1000:.1f} ms at the 95th percentile")


if __name__ == "__main__":
    main()
