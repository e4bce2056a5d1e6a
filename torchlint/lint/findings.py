"""What the rules say of the facts that a program shows, file of entries by file of entries, and what that comes to in all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.statements import AttributeAssignment, AttributeRead
from torchlint.diagnostic import Diagnostic, Finding, Place, Related
from torchlint.project.program import Version
from torchlint.rule import Rule

# A rule's code, and the place that it was asked about.
Asked = tuple[str, ...]


@dataclass(slots=True)
class Found:
    """A finding, the same one with other related places, and what was asked where it came up (of rules that see several contexts as one)."""

    finding: Finding
    asked: Asked | None
    others: dict[tuple[Related, ...], Finding] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """The same finding once more, which counts if it has another place in another file."""
        if finding.related != self.finding.related and any(one.place.path != finding.place.path for one in finding.related):
            self.others.setdefault(finding.related, finding)


@dataclass(slots=True)
class Said:
    """What rules say of what the entries of one file show.

    `found` is by code and place. Of rules that see several contexts as one, `asked` and `flagged` count how often a place was asked about and found
    at fault; `guarded` are the places that are reached where gradients are switched off, or may be.
    """

    found: dict[tuple[str, Place], Found] = field(default_factory=dict)
    asked: Counter[Asked] = field(default_factory=Counter)
    flagged: Counter[Asked] = field(default_factory=Counter)
    guarded: set[Asked] = field(default_factory=set)

    def add(self, rule: Rule, fact: Fact) -> None:
        findings = list(rule.check(fact))
        if not findings and rule.contexts == "any":
            return
        asked = None if rule.contexts == "any" else (rule.code, *fact.site.mark)
        if asked is not None:
            if rule.contexts == "all":
                self.asked[asked] += 1
            elif fact.grad is not True:
                self.guarded.add(asked)
            if findings:
                self.flagged[asked] += 1
        for finding in findings:
            key = (rule.code, finding.place)
            if key in self.found:
                self.found[key].add(finding)
            else:
                self.found[key] = Found(finding, asked)

    def places(self) -> Iterator[Place]:
        """The places that take part in what was found."""
        for (_, place), found in self.found.items():
            yield place
            for finding in (found.finding, *found.others.values()):
                yield from (one.place for one in finding.related)


class Findings:
    """Asks the rules about facts as they come up; `said` is by the file whose entries showed them."""

    def __init__(self, rules: Iterable[Rule], targets: Mapping[str, Version]) -> None:
        self._targets = targets
        self.by_fact: defaultdict[type, list[Rule]] = defaultdict(list)
        for rule in rules:
            self.by_fact[rule.fact].append(rule)
        self._plans: dict[tuple[type, str, type | None, Version | None], list[Rule]] = {}
        self.said: defaultdict[str, Said] = defaultdict(Said)

    @property
    def about(self) -> dict[type, tuple[type, ...]]:
        """The kinds of value that the rules on a fact ask about, where each of them names some."""
        return {fact: tuple(kind for rule in rules for kind in rule.about) for fact, rules in self.by_fact.items() if all(rule.about for rule in rules)}

    @property
    def calls(self) -> frozenset[str] | None:
        """The bare names of the calls that any rule asks about; None where one asks about all."""
        asking = self.by_fact.get(Call, [])
        return None if any(not rule.calls for rule in asking) else frozenset().union(*(rule.calls for rule in asking))

    def add(self, unit: str, fact: object) -> None:
        """Take a fact that the entries of a file showed."""
        assert isinstance(fact, Fact)
        for rule in self._asking(fact):
            self.said[unit].add(rule, fact)

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


def in_all(said: Mapping[str, Said], rules: Iterable[Rule], linted: Collection[str]) -> Iterator[Diagnostic]:
    """What is reported of a program when all of its entries are taken together, in whichever order they ran."""
    by_code = {rule.code: rule for rule in rules}
    parts = [said[path] for path in sorted(said)]
    asked, flagged = Counter[Asked](), Counter[Asked]()
    for each in parts:
        asked.update(each.asked)
        flagged.update(each.flagged)
    guarded = set[Asked]().union(*(each.guarded for each in parts))
    for (code, place), founds in _by_place(parts).items():
        rule, first = by_code[code], founds[0]
        if first.asked in guarded or (rule.contexts == "all" and first.asked is not None and flagged[first.asked] < asked[first.asked]):
            continue
        finding, others = first.finding, Found(first.finding, None)
        for found in founds:
            for other in (found.finding, *found.others.values()):
                others.add(other)
        yield Diagnostic(
            code,
            rule.name,
            finding.message,
            place,
            finding.severity or rule.severity,
            finding.fix,
            finding.related,
            others=tuple(others.others.values()),
            # Not all files that lead to a file which is not linted are read, so not all ways to the place are known.
            certain=rule.contexts == "any" or place.path in linted,
        )


def _by_place(parts: Iterable[Said]) -> dict[tuple[str, Place], list[Found]]:
    found: dict[tuple[str, Place], list[Found]] = {}
    for part in parts:
        for key, each in part.found.items():
            found.setdefault(key, []).append(each)
    return found
