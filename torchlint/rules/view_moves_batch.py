"""TL504: `view(-1, K)` with a K that is not a sample's size makes a batch of another length."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.flattening import each_sample
from torchlint.analysis.facts.calls import Call, ModuleCall
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.flattenings import moved, moves_batch
from torchlint.analysis.facts.lineage import batched, flattening, sample_size, source_of, way
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.analysis.facts.sizes import leaves_batch
from torchlint.analysis.values.abstract import Const, Instance, Tensor
from torchlint.analysis.values.classes import descendants
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import argument_of
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dims import Dim, product, show

_NAMES = ("view", "reshape")
_VIEWS = frozenset({"torch.Tensor.view", "torch.Tensor.reshape", "torch.reshape"})


@rule("TL504", words=("view|reshape",), calls=_NAMES)
def view_moves_batch(call: Call) -> Iterator[Finding]:
    result = call.result
    if call.name in _VIEWS and isinstance(result, Tensor) and moves_batch(result) and batched(source_of(result)):
        yield _finding(call, call.site, source_of(result), product(result.shape[1:] if result.shape else ()))


@rule("TL504", words=("view|reshape",))
def view_before_layer(applied: ModuleCall) -> Iterator[Finding]:
    flat = flattening(applied.positional[0]) if applied.positional and applied.name == "torch.nn.Linear" else None
    if flat is not None and flat.site is not None and moves_batch(flat):
        yield _finding(applied, flat.site, source_of(flat), product(flat.shape[1:] if flat.shape else ()))


@rule("TL504", words=("view|reshape",))
def view_of_no_batch(mismatch: ShapeMismatch) -> Iterator[Finding]:
    """The numbers do not even divide."""
    source = mismatch.at_fault
    if mismatch.operation not in _VIEWS or mismatch.kind != "elements" or not leaves_batch(mismatch.site) or not batched(source):
        return
    if source is not None and moved(source.shape, mismatch.expected):
        yield _finding(mismatch, mismatch.site, source, mismatch.expected)


def _finding(fact: Fact, site: Site, source: Tensor | None, size: Dim) -> Finding:
    whole = sample_size(source.shape) if source is not None else None
    return fact.flag(
        f"{way(source)}: a sample has {show(whole)} numbers, and rows of {show(size)} make a batch of another length out of "
        "several samples; flatten with `flatten(1)`",
        at=site,
        fix=_fix(fact, site, size, whole),
    )


def _fix(fact: Fact, site: Site, size: Dim, whole: Dim) -> Fix | None:
    """`flatten(1)`, and the size of a sample for the one Linear of the module that takes rows of that size."""
    message = "Flatten each sample"
    flattened = each_sample(site, 2, message)
    if flattened is None:
        return None
    edits = [*flattened.edits]
    module = fact.module_frame.receiver if fact.module_frame is not None else None
    held = descendants(module) if isinstance(module, Instance) else ()
    takers = [each for each in held if each.cls == "torch.nn.Linear" and each.arguments.get("in_features") == Const(size)]
    number = argument_of(takers[0].site, 0, "in_features") if len(takers) == 1 else None
    if number is not None and number.path == site.path and isinstance(whole, int):
        edits.append(Edit(number.span, str(whole)))
    return Fix(message, tuple(edits), "unsafe")
