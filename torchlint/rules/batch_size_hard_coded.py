"""TL509: a batch size that is written into forward."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.edits.expressions import argument_of
from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.calls import Call, ModuleCall
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.lineage import (
    batched,
    dim_of,
    flattening,
    size_arguments,
    source_of,
    sources,
    way,
    written,
)
from torchlint.analysis.values.abstract import Tensor, Tuple, Value
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Finding, Fix
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
    node = flat.site.node
    sizes = [flat.site.at(each) for each in node.args[-2:]] if isinstance(node, ast.Call) and len(node.args) == 2 else []
    if sizes and sizes[0].text == "1" and sizes[1].text == "-1":
        yield _finding(applied, flat.site, source, 1, sizes[0])


def _finding(fact: Fact, site: Site, given: Value | None, number: int, size: Site) -> Finding:
    return fact.flag(
        f"{way(given)}: the batch is written as {number}, so that any other batch, the last one included, raises or is cut into "
        "other samples; take the size from the input",
        at=site,
        fix=_fix(site, size),
    )


def _fix(site: Site, size: Site) -> Fix | None:
    node = site.node
    method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and size.node in node.args[:1]
    given = site.at(node.func.value) if method and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    if given is None or not isinstance(given.node, ast.Name):
        return None
    return replace(size, f"{given.text}.size(0)", "Take the batch size from the input")


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
            size = argument_of(each.site, 1, "")
            if isinstance(number, int) and number > 1 and written(size) and _in_forward(each.site):
                return number
    return None


def _in_forward(site: Site) -> bool:
    node: ast.AST | None = site.node
    while node is not None and not isinstance(node, ast.FunctionDef):
        node = site.tree.parent(node)
    return isinstance(node, ast.FunctionDef) and node.name == "forward"
