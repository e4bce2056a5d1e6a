"""A program in, diagnostics out: no files are read or written here."""

from __future__ import annotations

import gc
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.statements import AttributeAssignment, AttributeRead
from torchlint.analysis.interpret import interpret
from torchlint.diagnostic import Diagnostic, Finding, Place, Related
from torchlint.project.program import Program, Version
from torchlint.project.source import Source
from torchlint.rule import Rule
from torchlint.syntax.tree import SyntaxProblem, Tree, parse
from torchlint.syntax.trees import Trees

_RECURSION = 12_000


def lint(
    program: Program,
    rules: Iterable[Rule],
    read: Callable[[Source], Tree] = parse,
    pulse: Callable[[], None] | None = None,
) -> list[Diagnostic]:
    """Every report of `rules` that concerns the linted files of `program`, in order of file and place.

    Each is given at its primary place: this, or else a related place, is in a linted file.
    A file that is no Python is reported (TL900) and left out; the rest is linted. `read` parses; `pulse` is
    called again and again and may raise, to end a run whose answer nobody waits for any more.
    """
    with settings():
        trees = Trees(program.sources, read)
        problems = [_unreadable(problem) for path in program.linted if (problem := trees.problem(path)) is not None]
        found = _Findings(rules, program)

        def add(fact: object) -> None:
            assert pulse is not None
            pulse()
            found.add(fact)

        if len(problems) < len(program.linted):
            interpret(program, trees, frozenset(found.by_fact), found.add if pulse is None else add, found.calls, found.about)
    reports = [each for each in found.diagnostics() if not _paths(each).isdisjoint(program.linted)]
    return sorted([*problems, *reports], key=lambda each: each.order)


def _paths(report: Diagnostic) -> set[str]:
    """The files that take part in a problem."""
    ways = (report.related, *(other.related for other in report.others))
    return {report.place.path}.union(one.place.path for way in ways for one in way)


def _unreadable(problem: SyntaxProblem) -> Diagnostic:
    message = f"this file cannot be read as Python: {problem.message}; it was not linted"
    return Diagnostic("TL900", "syntax-error", message, problem.place)


class _Findings:
    """What the rules say of each fact, once for each place."""

    def __init__(self, rules: Iterable[Rule], program: Program) -> None:
        self._targets, self._linted = program.targets, program.linted
        self.by_fact: defaultdict[type, list[Rule]] = defaultdict(list)
        for rule in rules:
            self.by_fact[rule.fact].append(rule)
        self._plans: dict[tuple[type, str, type | None, Version | None], list[Rule]] = {}
        self._found: dict[tuple[str, Place], tuple[Rule, Finding]] = {}
        self._others: defaultdict[tuple[str, Place], dict[tuple[Related, ...], Finding]] = defaultdict(dict)
        self._asked: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._flagged: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._guarded: set[tuple[str, int]] = set()
        self._places: dict[tuple[str, Place], tuple[str, int]] = {}

    @property
    def about(self) -> dict[type, tuple[type, ...]]:
        """The kinds of value that the rules on a fact ask about, where each of them names some."""
        return {fact: tuple(kind for rule in rules for kind in rule.about) for fact, rules in self.by_fact.items() if all(rule.about for rule in rules)}

    @property
    def calls(self) -> frozenset[str] | None:
        """The bare names of the calls that any rule asks about; None where one asks about all."""
        asking = self.by_fact.get(Call, [])
        return None if any(not rule.calls for rule in asking) else frozenset().union(*(rule.calls for rule in asking))

    def add(self, fact: object) -> None:
        assert isinstance(fact, Fact)
        for rule in self._asking(fact):
            findings = list(rule.check(fact))
            if not findings and rule.contexts == "any":
                continue
            asked = (rule.code, fact.site.key)
            if rule.contexts == "all":
                self._asked[asked] += 1
            elif rule.contexts == "unguarded" and fact.grad is False:
                self._guarded.add(asked)
            for finding in findings:
                key = (rule.code, finding.place)
                first = self._found.setdefault(key, (rule, finding))[1]
                if finding.related != first.related and any(one.place.path != finding.place.path for one in finding.related):
                    self._others[key].setdefault(finding.related, finding)
                self._places.setdefault(key, asked)
            if findings:
                self._flagged[asked] += 1

    def _asking(self, fact: Fact) -> list[Rule]:
        """The rules that ask about a fact, worked out once for each kind of fact, name, kind of what is assigned and version of torch."""
        bare = fact.bare if isinstance(fact, Call) else ""
        attribute = fact.name if isinstance(fact, AttributeRead | AttributeAssignment) else ""
        held = type(fact.value) if isinstance(fact, AttributeAssignment) else None
        target = self._targets.get(fact.site.path) if self._targets else None
        key = (type(fact), bare or attribute, held, target)
        if key not in self._plans:
            rules = self.by_fact[type(fact)]
            self._plans[key] = [
                rule
                for rule in rules
                if (not rule.calls or bare in rule.calls)
                and (not rule.attributes or attribute in rule.attributes)
                and (held is None or not rule.about or issubclass(held, rule.about))
                and rule.concerns(target)
            ]
        return self._plans[key]

    def diagnostics(self) -> Iterator[Diagnostic]:
        for key, (rule, finding) in self._found.items():
            asked = self._places[key]
            if rule.contexts == "all" and self._flagged[asked] < self._asked[asked]:
                continue
            if asked in self._guarded:
                continue
            severity = finding.severity or rule.severity
            # Not all files that lead to a file which is not linted are read, so not all ways to the place are known.
            certain = rule.contexts == "any" or finding.place.path in self._linted
            others = tuple(self._others[key].values()) if key in self._others else ()
            yield Diagnostic(
                rule.code,
                rule.name,
                finding.message,
                finding.place,
                severity,
                finding.fix,
                finding.related,
                others=others,
                certain=certain,
            )


@cache
def _freeze() -> None:
    """What is there before the first program stays for good: no collection needs to look at it again."""
    gc.freeze()


@contextmanager
def settings() -> Iterator[None]:
    """Room for deep nesting, and no garbage collection while values are made by the thousand."""
    _freeze()
    limit, collecting = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(limit, _RECURSION))
    gc.disable()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()
