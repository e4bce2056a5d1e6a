"""Compare what torchlint says of programs with what a run of them shows: `python bench/facts.py --python PYTHON [--seen FOLDER] FOLDER …`

Each FOLDER is a project: a package as it was released, with its tests. They are run by PYTHON, an environment that has
the package's requirements, torch and pytest, with notes in them (`observing.py`), and what was seen is kept in the folder
`--seen`, where it is taken from the next time. Where a project has no tests, `bench/drivers/use_NAME.py` uses it. What torchlint says of the
same files (`claims.py`) is compared with it (`contradictions.py`); contradictions are counted by cause: the fact, and the operation that made the value.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from claims import ANNOTATION, CUDA, Claim, Claims, Said, claims_of
from contradictions import TENSOR_FACTS, agreed, verdicts

from torchlint.project import files, programs

HERE = Path(__file__).resolve().parent
_MOST_PLACES = 4


@dataclass(slots=True)
class Comparison:
    """What came of comparing one project.

    `values` are the expressions that were evaluated by both, and on one way, `known` those of which something was said; of facts of tensors
    that were seen, `tensor_facts`, so many were said, `tensor_known`.
    """

    lines: int = 0
    values: int = 0
    known: int = 0
    tensor_facts: int = 0
    tensor_known: int = 0
    compared: int = 0
    wrong: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def contradictions(self) -> int:
        return sum(map(len, self.wrong.values()))

    def add(self, other: Comparison) -> None:
        for name in ("lines", "values", "known", "tensor_facts", "tensor_known", "compared"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for cause, places in other.wrong.items():
            self.wrong[cause] += places


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a value: the calls that led there, the classes of `self` in their functions, the gradient mode, the facts."""

    way: tuple[str, ...]
    selves: tuple[str | None, ...]
    grad: bool
    facts: dict[str, Any]


def observe(python: str, root: Path, seen: Path, seconds: int) -> None:
    """Run a project's tests, or the driver that we have for it, and keep what was seen."""
    name = root.name.rpartition("-")[0] or root.name
    driver = HERE / "drivers" / f"use_{name}.py"
    what = ["--script", str(driver)] if driver.exists() else []
    command = [python, str(HERE / "observing.py"), "--root", str(root), "--into", str(seen), "--seconds", str(seconds), *what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds * 3 + 60, check=False)
    print(f"{name}: {' '.join(done.stdout.strip().splitlines()[-1:])}", *done.stderr.strip().splitlines()[-1:], file=sys.stderr, flush=True)


def observations(seen: Path) -> Iterator[tuple[str, list[Observation]]]:
    """What was seen, by place."""
    found = json.loads(seen.read_text())
    ways, facts = [(tuple(way), tuple(selves)) for way, selves in found["ways"]], found["facts"]
    for place, looks in found["places"].items():
        yield place, [Observation(*ways[way], grad, facts[fact]) for way, grad, fact in looks]


def claims_in(root: Path) -> Claims:
    """What torchlint says of a project's files."""
    os.chdir(root)
    which = files.Filter(files.default_excludes(str(root)))
    return claims_of(programs.load(files.discover([str(root)], which), [str(root)], which=which).programs)


def compare(claims: Claims, seen: Iterator[tuple[str, list[Observation]]]) -> Comparison:
    """Each claim at an expression that ran is held against all runs that it speaks of."""
    result, lines = Comparison(), set()
    for place, looks in seen:
        path, line = place.split(":")[:2]
        lines.add((path, line))
        ways = claims.get(place, {})
        if not ways:
            continue
        told = reached = False
        tensors = [look for look in looks if "shape" in look.facts and "leaf" in look.facts]
        facts: set[str] = set()
        for way, claim in ways.items():
            mine = [look for look in looks if _applies(claim, way, look)]
            reached = reached or bool(mine)
            if not mine or not claim.known:
                continue
            told = True
            for (fact, cause), wrong in _judged(claim, mine):
                facts.add(fact)
                if not claim.whole:
                    continue
                result.compared += 1
                if wrong is not None:
                    result.wrong[fact, cause].append(f"{place} {wrong}")
        if not reached:
            continue
        result.values += 1
        result.known += told
        if tensors:
            result.tensor_facts += len(TENSOR_FACTS)
            result.tensor_known += len(facts.intersection(TENSOR_FACTS))
    result.lines = len(lines)
    return result


def _applies(claim: Claim, way: tuple[str, ...], look: Observation) -> bool:
    """Whether a run is one that a claim speaks of: it came by the same calls, and to a method of the very class."""
    if look.way[: len(way)] != way or (claim.alone is None and len(look.way) > len(way)):
        return False
    held = look.selves[len(way)] if len(way) < len(look.selves) else None
    return not claim.alone or held is None or held.rpartition(".")[2] == claim.alone


def _judged(claim: Claim, looks: list[Observation]) -> Iterator[tuple[tuple[str, str], str | None]]:
    """Each fact of a claim and its cause, with what was seen instead where that contradicts it."""
    if claim.grads == {False}:
        first = next((look for look in looks if look.grad), None)
        yield ("gradients are off", "no_grad"), None if first is None else f"by {' < '.join(first.way)}"
    origin = min(each.origin for each in claim.values)
    if origin in (ANNOTATION, CUDA):
        return
    values = list(claim.values)
    if claim.partial:
        common = agreed(values)
        if common is None:
            return
        values = [common]
    wrong: dict[str, str | None] = {}
    for look in looks:
        same_grad = claim.grads == {look.grad}
        judged = [dict(verdicts(each, look.facts, same_grad)) for each in values]
        best = max(judged, key=lambda each: sum(each.values()) - 100 * sum(not right for right in each.values()))
        for fact, right in best.items():
            if not right and wrong.get(fact) is None:
                wrong[fact] = f"said {shown(values)}, seen {look.facts} grad {look.grad} by {' < '.join(look.way)}"
            wrong.setdefault(fact, None)
    for fact, seen in wrong.items():
        yield (fact, origin), seen


def shown(values: list[Said]) -> str:
    """What was said, as text."""
    return " | ".join(f"{each.kind}({', '.join(f'{name}={fact}' for name, fact in each.facts)})" for each in values[:4])[:400]


def table(results: dict[str, Comparison]) -> Iterator[str]:
    """Lines of Markdown: a row for each project, and one for all."""
    whole = Comparison()
    for each in results.values():
        whole.add(each)
    yield "| package | lines that ran | claims compared | contradicted | values known | facts of tensors known |"
    yield "|---|---|---|---|---|---|"
    for name, each in [*results.items(), ("all", whole)]:
        known, facts = each.known / max(each.values, 1), each.tensor_known / max(each.tensor_facts, 1)
        yield f"| {name} | {each.lines} | {each.compared} | {each.contradictions} | {known:.1%} | {facts:.1%} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the interpreter of the environment in which projects are run")
    parser.add_argument("--seen", default="seen", help="the folder that keeps what was seen")
    parser.add_argument("--seconds", type=int, default=60, help="how long each project is run")
    parser.add_argument("--full", action="store_true", help="list every contradiction with what was said and seen")
    parser.add_argument("folders", nargs="+")
    arguments = parser.parse_args()
    kept = Path(arguments.seen).resolve()
    kept.mkdir(parents=True, exist_ok=True)
    results: dict[str, Comparison] = {}
    for root in [Path(each).resolve() for each in arguments.folders]:
        seen = kept / f"{root.name}.json"
        if not seen.exists():
            observe(arguments.python, root, seen, arguments.seconds)
        if seen.exists():
            results[root.name] = compare(claims_in(root), observations(seen))
    print("\n".join(table(results)))
    causes: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, result in results.items():
        for cause, places in result.wrong.items():
            causes[cause] += [f"{name}/{place}" for place in places]
    for (fact, operation), places in sorted(causes.items(), key=lambda each: -len(each[1])):
        print(f"\n{len(places):5} {fact} of {operation}")
        for place in places if arguments.full else places[:_MOST_PLACES]:
            print(f"      {place if arguments.full else place.split(' ')[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
