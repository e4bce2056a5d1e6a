"""What a run does with one program: lint it by the rules of its files, then heed settings and comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from torchlint.diagnostic import Diagnostic, Place, Related
from torchlint.own_rules import OWN_RULES, UNUSED_SUPPRESSION
from torchlint.project.program import Program

if TYPE_CHECKING:
    from torchlint.lint.suppressions import Comments
    from torchlint.rule import Rule

_OWN = frozenset(own.code for own in OWN_RULES)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is reported of a file: the codes of the rules chosen for it, less those that it ignores.

    `unused` asks for reports on comments that suppress nothing; `complete` says that all rules that are on by default
    were chosen.
    """

    codes: frozenset[str]
    ignored: frozenset[str] = frozenset()
    unused: bool = True
    complete: bool = True

    def takes(self, code: str) -> bool:
        return code not in self.ignored and (code in self.codes or code in _OWN)


@dataclass(frozen=True)
class Checks:
    """The choice for each file, as a function of a program that can be sent to another process.

    `special` has the files, by path, for which another choice was made than the `usual` one. `plugins` says whether
    other packages' rules are among the chosen ones; without `comments`, what comments silence is reported too. `cache_folder` is where it is kept what is known of a
    program whose files change.
    """

    usual: Choice
    special: Mapping[str, Choice] = field(default_factory=dict)
    plugins: bool = False
    comments: bool = True
    cache_folder: str | None = None

    def __call__(self, program: Program) -> list[Diagnostic]:
        from torchlint.lint.cache import Cache
        from torchlint.lint.gate import lint_gated

        cache = None if self.cache_folder is None else Cache(self.cache_folder)
        return self.heed(program, lint_gated(program, self.rules(program), cache=cache))

    def of(self, path: str) -> Choice:
        return self.special.get(path, self.usual)

    def choices(self, program: Program) -> tuple[Choice, ...]:
        """The choices for a program's files, in order of their paths."""
        return tuple(self.of(path) for path in sorted(program.sources))

    def rules(self, program: Program) -> list[Rule]:
        """The rules that were chosen for any file of a program, since any may hold the primary place of a problem."""
        from torchlint.lint.plugins import rules_in_force

        codes = frozenset[str]().union(*(each.codes for each in set(self.choices(program))))
        return [rule for rule in rules_in_force(self.plugins) if rule.code in codes]

    def heed(self, program: Program, found: Sequence[Diagnostic]) -> list[Diagnostic]:
        """What is left of the reports on a program when files' settings and comments are heeded, where it is shown."""
        heeded = _Heeded(self, program)
        kept = [there for each in found for there in heeded.shown(each)]
        return [*kept, *heeded.unused()]


class _Heeded:
    """One program's settings and comments, as its reports meet them.

    What is said at a problem's primary place silences it wherever it is shown. What is said at a related place in
    another file silences it there alone, where it is shown if the primary place's file is not linted.
    """

    def __init__(self, checks: Checks, program: Program) -> None:
        self._checks, self._program = checks, program
        self._comments: dict[str, Comments] = {}

    def shown(self, each: Diagnostic) -> Iterator[Diagnostic]:
        """A report at its primary place, or else at the first related place in a linted file; none if it is silenced."""
        if each.code not in _OWN and each.code not in self._checks.of(each.place.path).codes:
            return
        silenced = self._silences(each, each.place)
        # Every related place is asked, so that a comment there counts as used whichever files are linted.
        open_ways = [way for way in _ways(each, self._program.linted) if not self._silences(each, way.related[0].place)]
        if silenced or not each.certain:
            return
        if each.place.path in self._program.linted:
            yield replace(each, others=())
        elif open_ways:
            way = open_ways[0]
            back = Related(each.place, "the place to mend")
            yield replace(way, place=way.related[0].place, fix=None, related=(back, *way.related[1:]), home=each.place)

    def unused(self) -> Iterator[Diagnostic]:
        """Reports on the linted files' comments that have silenced nothing."""
        for path in sorted(self._program.linted) if self._checks.comments else ():
            choice = self._checks.of(path)
            if choice.unused and choice.takes(UNUSED_SUPPRESSION.code):
                yield from self._of(path).unused(choice.codes, choice.complete)

    def _silences(self, each: Diagnostic, there: Place) -> bool:
        """Whether the settings or comments of a place's file silence a report there."""
        if not self._checks.of(there.path).takes(each.code):
            return True
        return self._checks.comments and self._of(there.path).silence(each, there.span)

    def _of(self, path: str) -> Comments:
        if path not in self._comments:
            from torchlint.lint.suppressions import Comments

            self._comments[path] = Comments(self._program.sources[path])
        return self._comments[path]


def _ways(each: Diagnostic, linted: frozenset[str]) -> Iterator[Diagnostic]:
    """A report once for each related place in another file that is linted, with this place as its first one."""
    plain = replace(each, others=())
    for way in (plain, *(replace(plain, message=other.message, related=other.related) for other in each.others)):
        for one in way.related:
            if one.place.path != each.place.path and one.place.path in linted:
                yield replace(way, related=(one, *(other for other in way.related if other is not one)))
