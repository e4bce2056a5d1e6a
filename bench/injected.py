"""How many traps, put one at a time into working programs, are reported: recall on real code, by kind.

usage: python bench/injected.py [--sample N] [--kind TEXT] [--seed N] PROJECT [PROJECT …]

Each PROJECT is a folder. A trap counts as found where a report of its rules is there that was not there before;
nothing is run. What is not found is listed: some traps do no harm where they were put, so a share is a lower bound.
"""

from __future__ import annotations

import argparse
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from traps import TRAPS, Injection, Source

from torchlint.lint.gate import lint_gated
from torchlint.project import files, programs
from torchlint.project.reading import text_of
from torchlint.project.text import Text, Unreadable
from torchlint.rule import all_rules


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trap can be put: a project, a file of it, the text."""

    folder: str
    path: str
    injection: Injection


def places(folder: str, kind: str) -> Iterator[Place]:
    trap, _ = TRAPS[kind]
    texts = {str(path): path.read_bytes() for path in sorted(Path(folder).rglob("*.py")) if path.is_file()}
    whole = b"\n".join(texts.values())
    for path, data in texts.items():
        try:
            source = Source.of(data, whole)
            yield from (Place(folder, path, each) for each in trap(source))
        except (SyntaxError, ValueError, RecursionError):
            continue


def reports(folder: str, overlay: dict[str, Text | Unreadable]) -> Counter[tuple[str, str]]:
    """How many reports each file has of each rule."""
    which = files.Filter(files.default_excludes(folder))
    loaded = programs.load(files.discover([folder], which), [folder], which=which, overlay=overlay)
    return Counter((each.place.path, each.code) for program in loaded.programs for each in lint_gated(program, all_rules()))


def found(place: Place, codes: tuple[str, ...], before: Counter[tuple[str, str]]) -> bool:
    data, at = Path(place.path).read_bytes(), place.injection
    changed = data[: at.start] + at.text.encode() + data[at.end :]
    after = reports(place.folder, {place.path: text_of(place.path, changed)})
    return any(code in codes for _, code in after - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--sample", type=int, default=20, help="how many places of each kind")
    parser.add_argument("--kind", default="", help="only the kinds whose name or codes hold this text")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folders = [os.path.abspath(folder) for folder in arguments.folders]
    chance = random.Random(arguments.seed)
    before: dict[str, Counter[tuple[str, str]]] = {}
    for kind, (_, codes) in TRAPS.items():
        if arguments.kind not in kind and arguments.kind not in codes:
            continue
        all_places = [place for folder in folders for place in places(folder, kind)]
        chosen = chance.sample(all_places, min(arguments.sample, len(all_places)))
        missed = []
        for place in chosen:
            if place.folder not in before:
                before[place.folder] = reports(place.folder, {})
            if not found(place, codes, before[place.folder]):
                missed.append(place)
        print(f"{kind:32} {len(chosen) - len(missed):4} of {len(chosen):4}  (places: {len(all_places)})", flush=True)
        for place in missed:
            print(f"    {place.path}:{place.injection.row}", flush=True)


if __name__ == "__main__":
    main()
