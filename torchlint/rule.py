"""What a rule is, and how the rules are found."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_type_hints

from torchlint.diagnostic import Finding, Severity
from torchlint.project.program import Version

Check = Callable[[Any], Iterator[Finding]]
Contexts = Literal["any", "all", "unguarded"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One pitfall: its identity, the fact type that it asks about, and its check.

    `calls` are the bare names of the functions and methods that a rule on calls asks about; empty for
    any, `attributes` those of the attributes that one on reads of them and assignments to them does. `about` are the kinds of value that a rule on values asks about; empty for any. `words` says which words a program's text must hold for the rule to fire: one of each group.
    `contexts` is "any" where one feasible way to reach a place is enough for a report, and "all"
    where every way in which the program reaches the place must be at fault (a guard that one
    caller holds is then enough to stay silent); "unguarded" is "any", but for places that the program
    reaches with gradients off as well. `before` is the version of torch from which on there is
    nothing to report: such a check runs for projects that say that they support an older one, but none older than `since`.
    """

    code: str
    name: str
    severity: Severity
    default: bool
    words: tuple[tuple[str, ...], ...]
    contexts: Contexts
    calls: frozenset[str]
    fact: type
    check: Check
    before: Version | None = None
    since: Version = ()
    about: tuple[type, ...] = ()
    attributes: frozenset[str] = frozenset()

    def concerns(self, target: Version | None) -> bool:
        """Whether a project whose oldest torch is `target` (None: today's) needs this check."""
        return self.before is None or (target is not None and self.since <= target < self.before)

    @property
    def url(self) -> str | None:
        """Where the rule's page is to be read; unknown of another package's rule."""
        ours = self.check.__module__.startswith("torchlint.rules.")
        return f"https://github.com/torchlint/torchlint/blob/main/rules/{self.name}.md" if ours else None


def rule(
    code: str,
    *,
    severity: Severity = "error",
    default: bool = True,
    words: tuple[str, ...] = (),
    contexts: Contexts = "any",
    calls: Iterable[str] = (),
    before: Version | None = None,
    since: Version = (),
    about: tuple[type, ...] = (),
    attributes: Iterable[str] = (),
) -> Callable[[Check], Check]:
    """Make a rule of a generator function; its parameter's type is the fact that it asks for.

    Each of `words` is a group of alternatives divided by "|": `("softmax", "loss|criterion")`.
    The rule's name is its module's name with dashes.
    """

    def declare(check: Check) -> Check:
        module = sys.modules[check.__module__]
        name = check.__module__.rpartition(".")[2].replace("_", "-")
        hints = get_type_hints(check, vars(module))
        hints.pop("return", None)
        (fact,) = hints.values()
        groups = tuple(tuple(group.split("|")) for group in words)
        declared = Rule(code, name, severity, default, groups, contexts, frozenset(calls), fact, check, before, since, about, frozenset(attributes))
        vars(module).setdefault("RULES", []).append(declared)
        return check

    return declare


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of `torchlint.rules`, by code. A module may hold several checks of one rule."""
    package = importlib.import_module("torchlint.rules")
    found: list[Rule] = []
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"torchlint.rules.{info.name}")
        found.extend(getattr(module, "RULES", ()))
    return tuple(sorted(found, key=lambda each: each.code))
