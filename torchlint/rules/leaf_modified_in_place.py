"""TL303: a leaf is changed in place inside the graph, or its name is bound to a new tensor that is no leaf."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import wrap_statement
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.gradients import InPlaceChange, stepped_from
from torchlint.analysis.facts.statements import AttributeRead
from torchlint.analysis.values.abstract import Tensor
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import bound_name
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

_WORDS = ("requires_grad|Parameter|parameters|nn",)


@rule("TL303", words=_WORDS, contexts="unguarded")
def leaf_modified_in_place(change: InPlaceChange) -> Iterator[Finding]:
    tensor = change.tensor
    if change.grad and tensor.requires_grad and tensor.leaf:
        yield change.flag(
            "a leaf that requires grad is changed in place, which raises a RuntimeError; do it under `torch.no_grad()`",
            fix=_guarded(change, change.site.statement),
        )


@rule("TL303", words=("grad", *_WORDS), attributes=("grad",))
def leaf_bound_anew(read: AttributeRead) -> Iterator[Finding]:
    """`w = w - lr * w.grad` in a loop, whose next round reads `w.grad` again."""
    tensor = read.value
    if read.name != "grad" or stepped_from(tensor) is None or not isinstance(tensor, Tensor) or tensor.site is None:
        return
    name = bound_name(tensor.site)
    if name is None or tensor.requires_grad is not True:
        return
    yield read.flag(
        f"`{name}` is bound to a new tensor that is no leaf, so that its `.grad` is None in the next round; take the step in "
        "place, under `torch.no_grad()`",
        at=tensor.site.statement,
    )


def _guarded(fact: Fact, statement: Site) -> Fix | None:
    torch = fact.name_of("torch")
    return wrap_statement(statement, f"with {torch}.no_grad():", "Take the step outside the graph") if torch else None
