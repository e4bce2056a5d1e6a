"""Shows under the user's torch what the rules claim: each page's harm, and that its remedy removes it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import shorten

from torchlint.evidence.pages import Page, load_page, read_page
from torchlint.evidence.torch_process import TorchProcess

_SHOWN = 2
_ONLY_TORCH = "```python\nimport torch\n```\n"


class NoTorch(Exception):
    """The interpreter cannot import torch; the message says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was seen of a rule: of its example (the harm), and of what its page advises instead.

    `against` is what the page says and torch does not do, and `missing` tells which packages the
    interpreter lacks for the page's programs; the rule is proved where both are empty.
    """

    code: str
    name: str
    harm: tuple[str, ...]
    remedy: tuple[str, ...]
    against: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The proof in a line of text."""
        head = f"{self.code} {self.name}"
        if self.missing:
            return f"{head}: not tried: {_list(self.missing)}"
        if self.against:
            return f"{head}: not seen: {'; '.join(self.against)}"
        return f"{head}: {_list(self.harm)} | instead: {_list(self.remedy)}"


def torch_version(python: str = sys.executable) -> str:
    """The version of the interpreter's torch. Raises NoTorch where there is none."""
    (listing,) = read_page("", _ONLY_TORCH).listings
    try:
        with TorchProcess(python) as torch_process:
            outcome = torch_process.run(listing)
    except (OSError, RuntimeError) as error:
        raise NoTorch(str(error)) from error
    if outcome.torch is None:
        raise NoTorch("; ".join(each.message for each in outcome.failures))
    return outcome.torch


def prove_rules(names: Iterable[str], python: str = sys.executable) -> Iterator[Proof]:
    """Run the pages of the rules `names`, and yield what was seen of each. Raises KeyError for a missing page."""
    pages = [load_page(name) for name in names]
    with TorchProcess(python) as torch_process:
        for page in pages:
            yield _prove(page, torch_process)


def _prove(page: Page, torch_process: TorchProcess) -> Proof:
    seen: dict[str, tuple[str, ...]] = {}
    against: list[str] = []
    missing: list[str] = []
    for listing in page.listings:
        if listing.section not in ("Example", "Use instead"):
            continue
        outcome = torch_process.run(listing)
        seen[listing.section] = seen.get(listing.section, ()) + tuple(each.message for each in outcome.seen)
        for each in outcome.failures:
            if each.message.startswith("ModuleNotFoundError"):
                missing.append(each.message)
            else:
                against.append(f"{page.name}.md:{listing.page_row(each.file, each.row)} {each.message}")
    harm, remedy = seen.get("Example", ()), seen.get("Use instead", ())
    return Proof(page.code, page.name, harm, remedy, tuple(against), tuple(missing))


def _list(seen: tuple[str, ...]) -> str:
    """The first of what was seen, and how much more there was."""
    shown = [shorten(each, 100, placeholder=" …") for each in dict.fromkeys(seen)]
    more = f" (and {len(shown) - _SHOWN} more)" if len(shown) > _SHOWN else ""
    return "; ".join(shown[:_SHOWN]) + more or "it runs"
