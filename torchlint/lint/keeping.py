"""What the entries of each file of a program came to is kept, and used again when other files change.

After a change those files' entries are run again which used what changed, or asked a question that has another answer now, or can
reach it as it is now; what the others came to still holds. A change of comments alone changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import tokenize
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torchlint.analysis.entries import Again
from torchlint.analysis.machine.unit import Question
from torchlint.diagnostic import Diagnostic
from torchlint.lint.cache import Cache, fingerprint
from torchlint.lint.encoding import decode, encode, packed_finding, unpacked_finding
from torchlint.lint.findings import Found, Said
from torchlint.lint.linter import Linted, lint_entries, reports
from torchlint.lint.plugins import plugin_fingerprint
from torchlint.project.around import Around
from torchlint.project.code import code_of
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import Rule
from torchlint.syntax.comments import tokens_of
from torchlint.syntax.tree import Tree, parse

_LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
# As often as this what is run again may show that more is to be run; then all of it is run.
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """What the entries of one file came to: what the rules say, the files used, questions and marks; see `analysis.machine.unit`."""

    said: Said
    touched: frozenset[str]
    at_top: frozenset[str]
    asked: Mapping[Question, bool]
    marks: frozenset[Question]
    checked: Mapping[Question, bool]


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a program: each file's digests (of its text, of its code) and imports, what the entries of each file came to, and what is no Python."""

    files: Mapping[str, tuple[str, str]]
    imports: Mapping[str, frozenset[str]]
    kept: Mapping[str, Kept]
    unreadable: tuple[Diagnostic, ...]


def lint_kept(
    program: Program,
    rules: Sequence[Rule],
    cache: Cache,
    read: Callable[[Source], Tree] = parse,
    pulse: Callable[[], None] | None = None,
) -> list[Diagnostic]:
    """What `lint` reports of a program, for less where most of it was linted before."""
    key = _key(program, rules)
    known = cache.get([key]).get(key)
    before = None if known is None else _decoded(known)
    record = None if before is None else _after(before, program, rules, read, pulse)
    if record is None:
        files = {path: _digests(source.text) for path, source in program.sources.items()}
        record = _record(program, lint_entries(program, rules, read, pulse), files)
    if record is not before:
        cache.put({key: _encoded(record)})
    said = {path: each.said for path, each in record.kept.items()}
    return reports(program, rules, Linted(said, {}, record.unreadable))


def _after(before: Record, program: Program, rules: Sequence[Rule], read: Callable[[Source], Tree], pulse: Callable[[], None] | None) -> Record | None:
    """The record of a program that was another one before; None where all of it has to be run."""
    files = {path: _digests(source.text, before.files[path]) for path, source in program.sources.items()}
    changed = frozenset(path for path, (_, code) in files.items() if code != before.files[path][1])
    if not changed:
        return before if files == before.files else replace(before, files=files)
    again = Again(changed, _concerned(before, program, changed), {path: each.marks for path, each in before.kept.items()})
    for _ in range(_ROUNDS):
        if len(again.files) > len(program.sources) // 2:
            return None
        record = _record(program, lint_entries(program, rules, read, pulse, again), files, before, changed)
        stale = _stale(record)
        if not stale:
            return record
        again = replace(again, files=again.files | stale)
    return None


def _stale(record: Record) -> set[str]:
    """The files whose entries asked about marks which are there now, or are not any more."""
    marks = frozenset[Question]().union(*(each.marks for each in record.kept.values()))
    return {path for path, each in record.kept.items() if any((mark in marks) is not answer for mark, answer in each.checked.items())}


def _concerned(before: Record, program: Program, changed: frozenset[str]) -> frozenset[str]:
    """The files whose entries used what changed, directly or by what others made of it, or asked what has another answer now."""
    users: dict[str, set[str]] = {}
    for path, each in before.kept.items():
        for used in each.at_top:
            users.setdefault(used, set()).add(path)
    made, pending = set(changed), list(changed)
    while pending:
        for user in users.get(pending.pop(), set()) - made:
            made.add(user)
            pending.append(user)
    asking = _asking(before, program, changed)
    placed = {path for path, each in before.kept.items() if any(place.path in changed for place in each.said.places())}
    return frozenset(asking | placed | made | {path for path, each in before.kept.items() if not made.isdisjoint(each.touched)})


def _asking(before: Record, program: Program, changed: frozenset[str]) -> set[str]:
    """The files whose entries asked a question that has another answer now."""
    around = Around(program)
    imports = program.imports or {}
    same_imports = all(imports.get(path, frozenset()) == before.imports.get(path, frozenset()) for path in changed)

    def differs(question: Question, answer: bool) -> bool:
        kind, path, *words = question
        if kind == "calls under":
            return not answer and any(each in changed for each in around.calling_under(path, words[1:], words[0]))
        if kind not in around.questions:
            # One that trees decide; where the answer was yes, the file that says so was touched.
            return not answer and any(all(around.stands(word, each) for word in words) and each in around.of(path) for each in changed)
        if kind == "imported" and same_imports:
            return False
        return around.answer(question) is not answer

    answers: dict[Question, bool] = {}
    found: set[str] = set()
    for path, each in before.kept.items():
        for question, answer in each.asked.items():
            if question not in answers:
                answers[question] = differs(question, answer)
            if answers[question]:
                found.add(path)
    return found


def _record(
    program: Program, linted: Linted, files: Mapping[str, tuple[str, str]], before: Record | None = None, changed: frozenset[str] = frozenset()
) -> Record:
    """The record of a run; where only a part was run, the rest is as before."""
    kept = {path: Kept(linted.said.get(path, Said()), frozenset(unit.touched), frozenset(unit.at_top), unit.asked, frozenset(unit.marks), unit.checked) for path, unit in linted.units.items()}
    unreadable = linted.unreadable
    if before is not None:
        kept = {path: each for path, each in before.kept.items() if path not in changed} | kept
        unreadable = (*(each for each in before.unreadable if each.place.path not in changed), *unreadable)
    return Record(files, program.imports or {}, kept, unreadable)


def _digests(text: str, before: tuple[str, str] | None = None) -> tuple[str, str]:
    """The digests of a text and of its code; where the text was another one before, what is no code has to be so for Python as well."""
    whole = _digest(text)
    if before is None:
        return whole, _digest(code_of(text))
    if whole == before[0]:
        return before
    code = code_of(text)
    return whole, _digest(code) if _tokens(text) == _tokens(code) else whole


def _tokens(text: str) -> list[tuple[str, tuple[int, int]]]:
    return [(each.string, each.start) for each in tokens_of(text) if each.type not in _LAYOUT]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _key(program: Program, rules: Iterable[Rule]) -> str:
    """A key for all that decides the answer but for the texts: for programs of these files, linted by these rules."""
    paths = sorted(program.sources)
    asked = [
        fingerprint(),
        plugin_fingerprint(),
        sorted(rule.code for rule in rules),
        program.roots,
        [[path, path in program.linted, program.targets.get(path)] for path in paths],
    ]
    return "kept " + hashlib.blake2b(json.dumps(asked).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _encoded(record: Record) -> str:
    """A record as JSON; paths are numbers in it."""
    paths = sorted(record.files)
    numbers = {path: number for number, path in enumerate(paths)}

    def numbered(files: Iterable[str]) -> list[int]:
        return sorted(numbers[path] for path in files)

    return json.dumps(
        {
            "files": [[path, *record.files[path], numbered(record.imports.get(path, ()))] for path in paths],
            "kept": [
                [numbers[path], _said(each.said), numbered(each.touched), numbered(each.at_top), _answers(each.asked), sorted(each.marks), _answers(each.checked)]
                for path, each in record.kept.items()
            ],
            "unreadable": encode(record.unreadable),
        },
        separators=(",", ":"),
    )


def _decoded(text: str) -> Record | None:
    """The record in a row of the cache; None for what is none."""
    try:
        return _read(json.loads(text))
    except (ValueError, TypeError, LookupError):
        return None


def _read(held: Any) -> Record:
    paths = [path for path, *_ in held["files"]]

    def named(numbers: Iterable[int]) -> frozenset[str]:
        return frozenset(paths[number] for number in numbers)

    return Record(
        {path: (whole, code) for path, whole, code, _ in held["files"]},
        {path: named(imports) for path, _, _, imports in held["files"]},
        {
            paths[number]: Kept(_read_said(said), named(touched), named(at_top), _questions(asked), frozenset(map(tuple, marks)), _questions(checked))
            for number, said, touched, at_top, asked, marks, checked in held["kept"]
        },
        tuple(decode(held["unreadable"])),
    )


def _answers(questions: Mapping[Question, bool]) -> list[Any]:
    return [[*question, answer] for question, answer in questions.items()]


def _questions(answers: Iterable[Any]) -> dict[Question, bool]:
    return {tuple(question): answer for *question, answer in answers}


def _said(said: Said) -> list[Any]:
    found = [[code, packed_finding(each.finding), each.asked, [packed_finding(other) for other in each.others.values()]] for (code, _), each in said.found.items()]
    return [found, [[*asked, said.asked[asked], said.flagged[asked]] for asked in {**said.asked, **said.flagged}], sorted(said.guarded)]


def _read_said(said: list[Any]) -> Said:
    found, counts, guarded = said
    read = Said(guarded={tuple(each) for each in guarded})
    for *asked, count, flagged in counts:
        read.asked[tuple(asked)], read.flagged[tuple(asked)] = count, flagged
    for code, packed, asked, others in found:
        each = Found(unpacked_finding(*packed), asked and tuple(asked))
        for other in others:
            each.add(unpacked_finding(*other))
        read.found[code, each.finding.place] = each
    return read
