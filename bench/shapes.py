"""Compare the inferred shape of every layer and function with torch's: `python bench/shapes.py [DRAWS] [NAME…]`.

Draws as many calls of each as asked for (20,000), and prints where the engine and torch disagree.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from tests.shapes.function_cases import FUNCTION_CASES
from tests.shapes.layer_cases import LAYER_CASES
from tests.shapes.proof import Case, Disagreement, check


def prove(case: Case, draws: int, seed: int = 0) -> tuple[int, list[str]]:
    """How many calls torch took, and the disagreements."""
    taken, wrong = 0, []
    for draw in range(draws):
        try:
            taken += check(case, Random(f"{case.name} {seed} {draw}"))
        except Disagreement as disagreement:
            wrong.append(str(disagreement))
    return taken, wrong


def main(arguments: Sequence[str]) -> int:
    """Print a line for each case; the number of disagreements is the exit's concern."""
    torch.set_num_threads(1)
    draws = int(arguments[0]) if arguments else 20_000
    cases = [
        case for case in (*LAYER_CASES, *FUNCTION_CASES) if not arguments[1:] or case.name in arguments[1:]
    ]
    failures = calls = 0
    for case in cases:
        start = time.perf_counter()
        taken, wrong = prove(case, draws)
        failures += len(wrong)
        calls += draws
        print(
            f"{case.name:45} {draws} draws, {taken} taken, {len(wrong)} disagreements, "
            f"{time.perf_counter() - start:.1f} s",
            flush=True,
        )
        for text in wrong[:3]:
            print(f"  {text}")
    print(f"{len(cases)} cases, {calls} calls, {failures} disagreements")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
