"""TL501: everything is flattened into one row, the batch included."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.flattening import each_sample, from_first_dim
from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.calls import Call, ModuleCall
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.flattenings import drops_batch, rows
from torchlint.analysis.facts.lineage import batched, flattening, layer_name, reshaped, source_of, way
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.analysis.facts.statements import Returned
from torchlint.analysis.values.abstract import Const, Instance, Tensor, Tuple
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dims import Dim

_WORDS = ("flatten|Flatten|view|reshape|ravel",)
_TAKERS = {"torch.nn.Linear": "in_features", "torch.nn.Bilinear": "in1_features"}


@rule("TL501", words=_WORDS, about=(Tensor,))
def flatten_drops_batch(applied: ModuleCall) -> Iterator[Finding]:
    layer = applied.receiver
    taken = layer.arguments.get(_TAKERS.get(applied.name, "")) if isinstance(layer, Instance) else None
    if applied.name not in _TAKERS or not applied.positional:
        return
    size: Dim = taken.value if isinstance(taken, Const) and isinstance(taken.value, int) else None
    flat = flattening(applied.positional[0])
    if flat is not None and drops_batch(flat, size):
        yield _finding(applied, flat, f"and `{layer_name(layer)}` takes the whole batch for one sample")


@rule("TL501", words=_WORDS, about=(Tensor,))
def flatten_of_prediction(returned: Returned) -> Iterator[Finding]:
    """(N, K) scores come out of forward as one row."""
    flat = returned.result if isinstance(returned.result, Tensor) else None
    source = source_of(flat) if flat is not None else None
    made = reshaped(source)
    if flat is None or source is None or returned.function.name != "forward" or returned.frame is not returned.forward_frame:
        return
    if made is None or made.op != "torch.nn.Linear" or flattening(flat) is not flat or source.shape is None:
        return
    if len(source.shape) == 2 and isinstance(source.shape[1], int) and source.shape[1] > 1 and drops_batch(flat) and batched(source):
        yield _finding(returned, flat, "and the scores of all samples come out as one row")


@rule("TL501", words=_WORDS, about=(Tensor,))
def flatten_before_second_dim(mismatch: ShapeMismatch) -> Iterator[Finding]:
    """What follows a flatten of something unknown needs a dim that is not there any more."""
    flat = rows(mismatch.at_fault) if mismatch.kind in ("dim", "rank") else None
    if flat is not None and flat is not mismatch.at_fault and mismatch.in_forward:
        yield _finding(mismatch, flat, f"and what follows raises: {mismatch.reason}")


@rule("TL501", words=("flatten",), calls=("flatten",))
def flatten_of_pair(call: Call) -> Iterator[Finding]:
    """`torch.flatten((x, 1))`: the bracket stands in the wrong place."""
    given = call.positional[0] if len(call.positional) == 1 else None
    if not isinstance(given, Tuple) or len(given.items) != 2 or not isinstance(given.items[1], Const):
        return
    site = call.argument_site(0, "input")
    yield call.flag(
        "`torch.flatten` is given a pair, which raises a TypeError; close the bracket before the dimension",
        fix=replace(site, site.text[1:-1], "Take the brackets away") if site and site.text.startswith("(") else None,
    )


def _finding(fact: Fact, flat: Tensor, harm: str) -> Finding:
    site = flat.layer.site if isinstance(flat.layer, Instance) and flat.op == "torch.nn.Flatten" else flat.site
    return fact.flag(
        f"{way(flat)}: everything is laid out in one row, the batch included, {harm}; keep the first dimension: `flatten(x, 1)`",
        at=site,
        related=((fact.site, "it is used here"),) if site is not None and not fact.site.same(site) else (),
        fix=_fix(flat, site),
    )


def _fix(flat: Tensor, site: Site | None) -> Fix | None:
    message = "Keep the first dimension"
    if site is None:
        return None
    if flat.op in ("flatten", "torch.nn.Flatten"):
        return from_first_dim(site, message)
    return each_sample(site, 1, message)
