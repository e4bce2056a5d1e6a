"""Which rules run: codes, prefixes of codes, names and ALL, the more exact one winning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

_CODE = re.compile(r"[A-Z]+[0-9]*")


class UnknownRule(Exception):
    """A selector that fits no rule, with the nearest right one in the message."""


class Selectable(Protocol):
    """What a rule shows of itself to be chosen."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def default(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Selection:
    """Selectors as a person wrote them. `select` None stands for the rules that are on by default."""

    select: tuple[str, ...] | None = None
    extend: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def takes(self, rule: Selectable) -> bool:
        """Whether a rule runs: the most exact selector that fits it decides, and `ignore` wins a draw."""
        wanted = max(
            (_exactness(selector, rule) for selector in (*(self.select or ()), *self.extend)), default=0
        )
        if self.select is None and rule.default:
            wanted = max(wanted, 1)
        refused = max((_exactness(selector, rule) for selector in self.ignore), default=0)
        return wanted > refused


def check_selectors(selectors: Iterable[str], everything: Sequence[Selectable]) -> None:
    """Raises UnknownRule for the first selector that fits none of the rules."""
    for selector in selectors:
        if not any(_exactness(selector, rule) for rule in everything):
            raise UnknownRule(f"unknown rule `{selector}`{_suggestion(selector, everything)}")


def _exactness(selector: str, rule: Selectable) -> int:
    """0 where the selector does not fit; else the higher the more it says."""
    if selector == "ALL":
        return 1
    if selector == rule.name or selector.upper() == rule.code:
        return 100
    code = selector.upper()
    return 1 + len(code) if _CODE.fullmatch(code) and rule.code.startswith(code) else 0


def _suggestion(selector: str, rules: Sequence[Selectable]) -> str:
    from difflib import get_close_matches

    known = ["ALL", *(rule.name for rule in rules), *(rule.code for rule in rules)]
    near = get_close_matches(selector.upper(), known, 1, 0.6) or get_close_matches(selector.lower(), known, 1, 0.6)
    return f"; did you mean `{near[0]}`?" if near else "; `torchlint rule --all` lists them"
