"""What the selectors of a configuration come to: sets of codes, for all its files and for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from torchlint.lint.checks import Choice
from torchlint.lint.selection import Selectable, Selection, UnknownRule, check_selectors
from torchlint.own_rules import OWN_RULES, UNUSED_SUPPRESSION
from torchlint.project.config import BadConfiguration, Settings, key_of
from torchlint.project.files import Rules, matches, rules_of


@dataclass(frozen=True)
class Chosen:
    """The rules of one configuration's files (`choice`), those whose fixes may be applied, the linter's own reports that
    are ignored, and what `per-file-ignores` leaves out where."""

    choice: Choice
    fixable: frozenset[str]
    gone: frozenset[str]
    by_file: tuple[tuple[Rules, frozenset[str]], ...]

    def of(self, file: str) -> Choice:
        """The choice for a file."""
        ignored = frozenset[str]().union(*(codes for rules, codes in self.by_file if matches(file, rules)))
        return replace(self.choice, ignored=ignored) if ignored else self.choice


def choose(settings: Settings, rules: Sequence[Selectable]) -> Chosen:
    """What settings choose of `rules`, the checks on programs, and of the linter's own."""
    everything = (*rules, *OWN_RULES)
    ignore = (*settings.ignore, *settings.extend_ignore)
    selection = Selection(settings.select, settings.extend_select, ignore)
    codes = _taken(selection, rules)
    complete = all(rule.code in codes for rule in rules if rule.default)
    every_own = Selection(("ALL",), (), tuple(each for each in ignore if each != "ALL"))
    fixable = Selection(settings.fixable, (), settings.unfixable)
    return Chosen(
        Choice(codes, unused=selection.takes(UNUSED_SUPPRESSION), complete=complete),
        # Nothing is changed in files whose configuration cannot be used.
        _taken(fixable, everything) if settings.problem is None else frozenset(),
        frozenset(own.code for own in OWN_RULES if not every_own.takes(own)),
        tuple(
            (rules_of([pattern]), _taken(Selection(selectors), everything))
            for pattern, selectors in settings.per_file_ignores.items()
        ),
    )


def _taken(selection: Selection, rules: Iterable[Selectable]) -> frozenset[str]:
    return frozenset(rule.code for rule in rules if selection.takes(rule))


def check_rules(settings: Settings, rules: Sequence[Selectable]) -> None:
    """Raises UnknownRule for a selector of the command line that fits no rule, BadConfiguration for one of a file."""
    if settings.extended is not None:
        check_rules(settings.extended, rules)
    named: dict[str, Iterable[str]] = {
        name: getattr(settings, name) or ()
        for name in ("select", "extend_select", "ignore", "extend_ignore", "fixable", "unfixable")
    }
    named["per_file_ignores"] = [each for selectors in settings.per_file_ignores.values() for each in selectors]
    for name, selectors in named.items():
        try:
            check_selectors(selectors, (*rules, *OWN_RULES))
        except UnknownRule as problem:
            path, _, row = settings.places.get(name, ("",))[-1].rpartition(":")
            if not path:
                raise
            raise BadConfiguration(path, int(row), f"`{key_of(name)}`: {problem}") from None
