"""TL509: a batch size that is written into forward."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.flattening import size_of_receiver
from torchlint.analysis.facts.calls import Call, ModuleCall
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.lineage import batched, flattening, source_of, sources, way
from torchlint.analysis.facts.sizes import dim_of, one_of_one_row, size_arguments, written
from torchlint.analysis.values.abstract import Tensor, Tuple, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import argument_of, function_name
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_METHODS = frozenset({"torch.Tensor.view", "torch.Tensor.reshape"})
_RECURRENT = frozenset({"torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN"})
_MADE = frozenset({"zeros", "ones", "rand", "randn", "empty"})


@rule("TL509", severity="warning", words=("view|reshape",), calls=("view", "reshape"))
def batch_size_hard_coded(call: Call) -> Iterator[Finding]:
    given = call.positional[0] if call.positional else None
    if call.name not in (*_METHODS, "torch.reshape") or not call.in_forward or not batched(given):
        return
    sizes = size_arguments(call.positional, call.site, call.name in _METHODS)
    if len(sizes) < 2 or not all(written(site) for _, site in sizes):
        return
    if any(dim_of(value) == -1 for value, _ in sizes[:-1]):
        return
    number = dim_of(sizes[0][0])
    if isinstance(number, int) and number > 1:
        yield _finding(call, call.site, given, number, sizes[0][1])


@rule("TL509", severity="warning", words=("view|reshape",))
def batch_of_one(applied: ModuleCall) -> Iterator[Finding]:
    """`x.view(1, -1)` before a Linear; elsewhere it may well be meant."""
    flat = flattening(applied.positional[0]) if applied.positional and applied.name == "torch.nn.Linear" else None
    source = source_of(flat) if flat is not None else None
    if flat is None or flat.site is None or flat.op not in ("view", "reshape") or not applied.in_forward or not batched(source):
        return
    size = one_of_one_row(flat.site)
    if size is not None:
        yield _finding(applied, flat.site, source, 1, size)


def _finding(fact: Fact, site: Site, given: Value | None, number: int, size: Site) -> Finding:
    return fact.flag(
        f"{way(given)}: the batch is written as {number}, so that any other batch, the last one included, raises or is cut into "
        "other samples; take the size from the input",
        at=site,
        fix=size_of_receiver(site, size, "Take the batch size from the input"),
    )


@rule("TL509", severity="warning", words=("LSTM|GRU|RNN",))
def state_of_fixed_batch(applied: ModuleCall) -> Iterator[Finding]:
    if applied.name not in _RECURRENT or not applied.in_forward or len(applied.positional) < 2:
        return
    number = _written_batch(applied.positional[1])
    if number is not None:
        yield applied.flag(
            f"the hidden state is made for a batch of {number}, so that any other batch raises; take the size from the input",
        )


def _written_batch(state: Value) -> int | None:
    """The batch size that `forward` writes into the state that it makes."""
    first = state.items[0] if isinstance(state, Tuple) and state.items else state
    for each in sources(first) if isinstance(first, Tensor) else ():
        if each.op in _MADE and each.shape is not None and len(each.shape) == 3 and each.site is not None:
            number = each.shape[1]
            size = argument_of(each.site, 1)
            if isinstance(number, int) and number > 1 and written(size) and function_name(each.site) == "forward":
                return number
    return None
