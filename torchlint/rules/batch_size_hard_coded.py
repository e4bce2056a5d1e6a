"""TL509: a batch size that is written into forward."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.semantics.edits import replace
from torchlint.semantics.facts import Call, ModuleCall
from torchlint.semantics.journey import batched, dim_of, size_arguments, sources, way, written
from torchlint.semantics.rewrites import argument_of
from torchlint.semantics.site import Site
from torchlint.semantics.values import Tensor, Tuple, Value

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
    if isinstance(number, int) and number > 0:
        yield call.flag(
            f"{way(given)}: the batch is written as {number}, so that any other batch, the last one included, raises or is cut "
            "into other samples; take the size from the input",
            fix=_fix(call, sizes[0][1]),
        )


def _fix(call: Call, size: Site) -> Fix | None:
    given = call.receiver_site if call.receiver is not None else call.argument_site(0, "input")
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
