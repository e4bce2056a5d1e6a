"""TL302: a leaf that is moved or scaled in the expression that makes it is no leaf any more."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import remove_keyword
from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import Construction
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.gradients import lost_leaf
from torchlint.analysis.facts.statements import AttributeRead
from torchlint.analysis.values.abstract import Dict, Tensor, Value
from torchlint.analysis.values.inspection import known_items
from torchlint.analysis.values.store import ENTRIES
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL302", words=("requires_grad", "grad"), attributes=("grad",))
def leaf_lost(read: AttributeRead) -> Iterator[Finding]:
    if read.name == "grad" and isinstance(read.value, Tensor) and read.value.op != "retained" and read.value.requires_grad:
        yield from _finding(read, read.value, "its `.grad` stays None")


@rule("TL302", words=("requires_grad", "optim|SGD|Adam"))
def optimised_leaf_lost(made: Construction) -> Iterator[Finding]:
    if not made.name.startswith("torch.optim.") or (not made.positional and "params" not in made.arguments):
        return
    given = made.arguments.get("params", made.positional[0] if made.positional else None)
    for each in _tensors(given, 3):
        yield from _finding(made, each, "no optimizer takes it")


def _tensors(value: Value | None, depth: int) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Dict):
        entries = value.store.get(ENTRIES) or {}
        yield from _tensors(entries.get("params"), depth)
    elif value is not None and depth:
        for each in known_items(value) or ():
            yield from _tensors(each, depth - 1)


def _finding(fact: Fact, tensor: Tensor, harm: str) -> Iterator[Finding]:
    leaf = lost_leaf(tensor)
    if leaf is None or tensor.site is None or tensor.requires_grad is False:
        return
    fix: Fix | None = None
    removed = remove_keyword(leaf.site, "requires_grad", "") if leaf.site is not None and leaf.site.within(tensor.site) else None
    if removed is not None:
        fix = Fix("Mark the result instead", (*removed.edits, *call_behind(tensor.site, "requires_grad_()")))
    yield fact.flag(
        f"the result is no leaf any more, only a copy of one: {harm}; move or scale first, and then mark it with `.requires_grad_()`",
        at=tensor.site,
        related=((fact.site, "a leaf is needed here"),),
        fix=fix,
    )
