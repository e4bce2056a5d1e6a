"""Compare what torchlint says of mutants with what torch does: `python bench/crashes.py [--python PYTHON] [--seen FILE] [PATH …]`

Programs that run, of the rules' pages and the regressions, and each PATH (a file, or a folder whose files are one program), are changed in one
place (`mutants.py`), and each mutant is run by PYTHON and linted. Where a run raises, a report at that line is wanted, or one that names
it as a related place; where it ends, no report of an error whose harm is an exception, at a line that ran. The same seed draws the same mutants; what
torch did is kept in FILE, so that after a change of torchlint only the comparison is made again.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from exceptions import kind_of
from mutants import KINDS, mutants
from subjects import ROOT, Subject, of_pages, of_paths

from torchlint.diagnostic import Diagnostic, Place
from torchlint.evidence.pages import load_page
from torchlint.evidence.torch_process import Event, Outcome, TorchProcess
from torchlint.lint.linter import lint
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import Rule, all_rules

Files = dict[str, str]
Lint = Callable[[Files], list[Diagnostic]]
_SECONDS = 10
_QUICK = 2.0  # seconds of CPU time that a program may take
_NEVER_RAN = "never ran"  # what torchlint.evidence.execution says of a marked line that did not
_TOO_LONG = "ran for over"
_MOST_PLACES = 5

REPORTED, ELSEWHERE, MISSED = "reported", "elsewhere", "missed"
SILENT, OTHER_HARM, NOT_REACHED, WRONG = "silent", "other harm", "not reached", "wrong"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program that differs from `subject` in one place, where `line` is its text."""

    subject: str
    kind: str
    files: Files
    line: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a mutant: `raised` where and what, None where it ran to its end; `word` says how the reports agree with that."""

    mutant: Mutant
    raised: Event | None
    word: str
    reports: tuple[Diagnostic, ...]

    @property
    def shown(self) -> str:
        """The place in a line."""
        told = self.raised or Event(self.reports[0].place.path, self.reports[0].place.span.start.row, "ran") if self.raised or self.reports else None
        if told is None:
            return self.mutant.subject
        line = self.mutant.files[told.file].split("\n")[told.row - 1].strip()
        said = "; ".join(f"{each.code} {each.message}" for each in self.reports[:2])
        return f"{self.mutant.subject} [{self.mutant.kind}: `{self.mutant.line}`] {told.file}:{told.row} `{line}` {told.message[:160]} {said and '| said: '}{said}"


class Torch:
    """Runs programs, and remembers what came of each text, in the file `seen` if there is one."""

    def __init__(self, python: str, seen: Path | None = None) -> None:
        self._process = TorchProcess(python)
        self._seen = seen
        self._known: dict[str, list[list[str | int]]] = json.loads(seen.read_text()) if seen and seen.exists() else {}

    def close(self) -> None:
        self._process.close()
        if self._seen:
            self._seen.write_text(json.dumps(self._known))

    def failures(self, files: Files, row: tuple[str, int] | None = None) -> list[Event]:
        """What a run ended with; with `row`, whether that line ran, as of a line that is to raise."""
        key = hashlib.sha256(json.dumps([files, row]).encode()).hexdigest()
        if key not in self._known:
            marks: dict[str, list[tuple[int, str, str]]] = {row[0]: [(row[1], "Exception", "")]} if row else {}
            outcome: Outcome = self._process.run_files(files, marks, _SECONDS)
            slow = [Event("", 0, f"{_TOO_LONG} {_QUICK} s")] if outcome.seconds > _QUICK else []
            self._known[key] = [[each.file, each.row, each.message] for each in (*outcome.failures, *slow)]
        return [Event(str(file), int(at), str(message)) for file, at, message in self._known[key]]

    def ran(self, files: Files, place: Place) -> bool:
        """Whether the statement at a place in a program that runs is one that runs, and so is, of a layer, the `forward` of the class that makes it."""
        text, row = files[place.path], place.span.start.row
        rows = [_statement(text, row)[0], *_forward(text, row)]
        return not any(_NEVER_RAN in each.message for at in rows for each in self.failures(files, (place.path, at)))


def default_lint(files: Files) -> list[Diagnostic]:
    """The reports of the rules that are on by default."""
    sources = {name: Source(name, text) for name, text in files.items()}
    return lint(Program(sources, frozenset(sources)), [each for each in all_rules() if each.default])


# Rules whose example raises, while the same report may tell of harm without an exception, or of another machine's exception.
_ALSO_SILENT = frozenset(
    {
        "TL101",  # a method that is compared: equal to nothing
        "TL211",  # a method that is named as a statement: nothing happens
        "TL302",  # `.grad` stays None
        "TL403",  # a loss without bound, or an exception for some numbers
        "TL406",  # a loss that teaches nothing
        "TL417",  # parameters that are not trained
        "TL504",  # samples that are mixed
        "TL803",  # raises where the device is no CPU
        "TL804",  # raises where the device is no CPU
    }
)


def raising(rules: Iterable[Rule]) -> frozenset[str]:
    """The codes whose only harm, as their page's examples show it, is an exception."""
    found = set()
    for rule in rules:
        examples = [each for each in load_page(rule.name).listings if each.section == "Example"]
        if examples and all(any(file.raises for file in each.files) for each in examples):
            found.add(rule.code)
    return frozenset(found - _ALSO_SILENT)


def usable(subjects: Iterable[Subject], torch: Torch, reports: Lint = default_lint) -> Iterator[Subject]:
    """Those that run to their end in good time, and of which nothing is said; each program once."""
    seen: list[Files] = []
    for subject in subjects:
        if subject.files not in seen and not torch.failures(subject.files) and not reports(subject.files):
            seen.append(subject.files)
            yield subject


def mutants_of(subject: Subject, most: int, seed: int) -> Iterator[Mutant]:
    """At most so many mutants, of all files of a program; the same ones for the same seed."""
    chance = Random(f"{seed} {subject.name}")
    for name, text in subject.files.items():
        for kind, other in mutants(text, -(-most // len(subject.files)), chance):
            changed = (new for old, new in zip_longest(text.split("\n"), other.split("\n")) if old != new)
            yield Mutant(subject.name, kind, {**subject.files, name: other}, str(next(changed)).strip())


def judged(mutant: Mutant, torch: Torch, codes: frozenset[str], reports: Lint = default_lint) -> Verdict | None:
    """The verdict on a mutant, None where it took too long. `codes` are those of rules whose harm is an exception."""
    failures = torch.failures(mutant.files)
    if any(each.message.startswith(_TOO_LONG) for each in failures):
        return None
    try:
        said = tuple(reports(mutant.files))
    except Exception as error:
        error.add_note(f"torchlint fails on {mutant.subject} [{mutant.kind}: `{mutant.line}`]")
        raise
    if failures:
        raised = failures[0]
        word = REPORTED if any(_names(each, raised, mutant.files) for each in said) else ELSEWHERE if said else MISSED
        return Verdict(mutant, raised, word, said)
    errors = tuple(each for each in said if each.severity == "error")
    suspects = tuple(each for each in errors if each.code in codes)
    wrong = tuple(each for each in suspects if torch.ran(mutant.files, each.place))
    word = WRONG if wrong else NOT_REACHED if suspects else OTHER_HARM if errors else SILENT
    return Verdict(mutant, None, word, wrong or suspects or errors)


def _names(report: Diagnostic, raised: Event, files: Files) -> bool:
    """Whether a report is about the statement that raised, or names it as a related place."""
    if raised.file not in files:
        return False
    first, last = _statement(files[raised.file], raised.row)
    related = chain(report.related, *(each.related for each in report.others))
    places = [report.place, *(each.place for each in related)]
    return any(each.path == raised.file and each.span.start.row <= last and each.span.end.row >= first for each in places)


def _statement(text: str, row: int) -> tuple[int, int]:
    """The first and the last row of the innermost statement on a row; of one that has a suite, its head."""
    best = (row, row)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and node.end_lineno is not None:
            body = getattr(node, "body", None)
            last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno
            if node.lineno <= row <= last:
                best = (node.lineno, last)
    return best


def _forward(text: str, row: int) -> Iterator[int]:
    """The row of the first statement in the `forward` of the class around a row."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and node.lineno <= row <= (node.end_lineno or row):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "forward":
                    yield next(each.lineno for each in method.body if ast.get_docstring(method) is None or each is not method.body[0])


@dataclass(slots=True)
class Tally:
    """How many of some mutants raised or ran, and what was said of them."""

    words: Counter[str] = field(default_factory=Counter)

    @property
    def raised(self) -> int:
        return self.words[REPORTED] + self.words[ELSEWHERE] + self.words[MISSED]

    @property
    def ran(self) -> int:
        return self.words.total() - self.raised

    def row(self, name: str) -> str:
        before = [self.words.total(), self.raised, self.words[REPORTED], self.words[ELSEWHERE], self.words[MISSED]]
        after = [self.ran, self.words[SILENT], self.words[OTHER_HARM], self.words[NOT_REACHED], self.words[WRONG]]
        return f"| {name} | {' | '.join(f'{each:,}' for each in (*before, *after))} |"


def table(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Lines of Markdown: a row for each kind of mutant, and one for all; then one for each kind of exception."""
    kinds, exceptions, whole = {kind: Tally() for kind in KINDS}, defaultdict[str, Tally](Tally), Tally()
    for each in verdicts:
        kinds[each.mutant.kind].words[each.word] += 1
        whole.words[each.word] += 1
        if each.raised:
            exceptions[kind_of(each.raised.message)].words[each.word] += 1
    yield "| kind of mutant | mutants | raised | reported there | reported elsewhere | missed | ran | silent | other harm | not reached | wrong |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for name, tally in [*kinds.items(), ("**all**", whole)]:
        yield tally.row(name)
    yield ""
    yield "| kind of exception | raised | reported there | reported elsewhere | missed |"
    yield "|---|---|---|---|---|"
    for name, tally in sorted(exceptions.items(), key=lambda each: -each[1].raised):
        yield f"| {name} | {tally.raised:,} | {tally.words[REPORTED]:,} | {tally.words[ELSEWHERE]:,} | {tally.words[MISSED]:,} |"


def causes(verdicts: Iterable[Verdict]) -> Iterator[tuple[str, list[Verdict]]]:
    """What was missed, by the kind of exception and its message without numbers and names, the most frequent first."""
    found: defaultdict[str, list[Verdict]] = defaultdict(list)
    for each in verdicts:
        if each.word == MISSED and each.raised:
            found[f"{kind_of(each.raised.message)}: {_without_details(each.raised.message)}"].append(each)
    yield from sorted(found.items(), key=lambda each: -len(each[1]))


def _without_details(message: str) -> str:
    message = re.sub(r"[\w.]+\(\)", "f()", message)
    words = ["'…'" if word[0] in "'\"" else "N" if any(letter.isdigit() for letter in word) else word for word in message.split()]
    return " ".join(words)[:100]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has torch")
    parser.add_argument("--seen", type=Path, help="the file that keeps what torch did")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--programs", type=int, default=10_000, help="at most so many, drawn by the seed")
    parser.add_argument("--mutants", type=int, default=12, help="at most so many of each program")
    parser.add_argument("--full", action="store_true", help="list every wrong report and every miss")
    parser.add_argument("paths", nargs="*")
    arguments = parser.parse_args()
    subjects = [*of_pages(), *of_paths([str(ROOT / "examples" / "digits"), *arguments.paths])]
    Random(arguments.seed).shuffle(subjects)
    torch = Torch(arguments.python, arguments.seen)
    codes, verdicts, programs = raising(all_rules()), [], set()
    try:
        for subject in usable(subjects, torch):
            programs.add(subject.name)
            verdicts += filter(None, (judged(each, torch, codes) for each in mutants_of(subject, arguments.mutants, arguments.seed)))
            print(f"\r{len(programs)} programs, {len(verdicts)} mutants", end="", file=sys.stderr, flush=True)
            if len(programs) == arguments.programs:
                break
    finally:
        torch.close()
    print(f"\n{len(verdicts):,} mutants of {len(programs):,} programs\n")
    print("\n".join(table(verdicts)))
    for word in (WRONG, NOT_REACHED, *([OTHER_HARM] if arguments.full else [])):
        listed = [each for each in verdicts if each.word == word]
        print(f"\n{len(listed)} {word}", *(f"  {each.shown}" for each in listed), sep="\n")
    for cause, missed in causes(verdicts):
        print(f"\n{len(missed):5} {cause}", *(f"        {each.shown}" for each in (missed if arguments.full else missed[:_MOST_PLACES])), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
