"""Shows under the user's torch what the rules claim: each page's harm, and that its remedy removes it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import shorten

from torchlint.laboratory import Laboratory
from torchlint.pages import load_page, read_page

_SHOWN = 2
_ONLY_TORCH = "```python\nimport torch\n```\n"


class NoTorch(Exception):
    """The interpreter cannot import torch; the message says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was seen of a rule: of its example (the harm), and of what its page advises instead.

    `against` is what the page says and torch does not do; the rule is proved where it is empty.
    """

    code: str
    name: str
    harm: tuple[str, ...]
    remedy: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def line(self) -> str:
        """The proof in a line of text."""
        head = f"{self.code} {self.name}"
        if self.against:
            return f"{head}: not seen: {'; '.join(self.against)}"
        return f"{head}: {_list(self.harm)} | instead: {_list(self.remedy)}"


def torch_version(python: str = sys.executable) -> str:
    """The version of the interpreter's torch. Raises NoTorch where there is none."""
    (listing,) = read_page("", _ONLY_TORCH).listings
    try:
        with Laboratory(python) as laboratory:
            outcome = laboratory.run(listing)
    except (OSError, RuntimeError) as error:
        raise NoTorch(str(error)) from error
    if outcome.torch is None:
        raise NoTorch("; ".join(each.message for each in outcome.failures))
    return outcome.torch


def prove_rules(names: Iterable[str], python: str = sys.executable) -> Iterator[Proof]:
    """Run the pages of the rules `names`, and yield what was seen of each. Raises KeyError for a missing page."""
    pages = [load_page(name) for name in names]
    with Laboratory(python) as laboratory:
        for page in pages:
            seen: dict[str, tuple[str, ...]] = {}
            against: list[str] = []
            for title in ("Example", "Use instead"):
                section = page.section(title)
                for listing in section.listings if section else ():
                    outcome = laboratory.run(listing)
                    seen[title] = seen.get(title, ()) + tuple(each.message for each in outcome.seen)
                    against += (
                        f"{page.name}.md:{listing.page_row(each.file, each.row)} {each.message}"
                        for each in outcome.failures
                    )
            yield Proof(
                page.code, page.name, seen.get("Example", ()), seen.get("Use instead", ()), tuple(against)
            )


def _list(seen: tuple[str, ...]) -> str:
    """The first of what was seen, and how much more there was."""
    shown = [shorten(each, 100, placeholder=" …") for each in dict.fromkeys(seen)]
    more = f" (and {len(shown) - _SHOWN} more)" if len(shown) > _SHOWN else ""
    return "; ".join(shown[:_SHOWN]) + more or "it runs"
