"""Compare the inferred shape of every layer and function with torch's: `python bench/shapes.py [DRAWS] [NAME…]`.

Draws as many calls of each as asked for (20,000), and prints where the engine and torch disagree.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from tests.shapes.cases import CASES
from tests.shapes.proof import Disagreement, check


def prove(place: int, draws: int) -> tuple[int, list[str], float]:
    """How many calls of a case torch took, the disagreements, and the seconds it took to compare."""
    torch.set_num_threads(1)
    case, taken, wrong, start = CASES[place], 0, [], time.perf_counter()
    for draw in range(draws):
        try:
            taken += check(case, Random(f"{case.name} {draw}"))
        except Disagreement as disagreement:
            wrong.append(str(disagreement))
    return taken, wrong, time.perf_counter() - start


def main(arguments: Sequence[str]) -> int:
    """Print a line for each case; 1 if there is any disagreement."""
    draws = int(arguments[0]) if arguments else 20_000
    places = [place for place, case in enumerate(CASES) if not arguments[1:] or case.name in arguments[1:]]
    failures = 0
    with ProcessPoolExecutor(2) as workers:
        results = workers.map(prove, places, repeat(draws))
        for place, (taken, wrong, seconds) in zip(places, results, strict=True):
            failures += len(wrong)
            print(
                f"{CASES[place].name:45} {draws} draws, {taken} taken, {len(wrong)} disagreements, {seconds:.1f} s",
                flush=True,
            )
            for text in wrong[:3]:
                print(f"  {text}", flush=True)
    print(f"{len(places)} cases, {len(places) * draws} calls, {failures} disagreements")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
