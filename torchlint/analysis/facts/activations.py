"""Where an activation was applied, and how to take it away."""

from __future__ import annotations

import ast

from torchlint.analysis.edits.lists import remove_element
from torchlint.analysis.edits.places import replace, unwrap
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import Activation, Instance, Tensor, Value
from torchlint.analysis.values.written.expressions import name_span
from torchlint.diagnostic import Edit, Fix

# Operations and layers that only change the shape, and leave the order of the dims as it is.
_RESHAPES = frozenset(
    {"view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "contiguous"}
    | {"torch.nn.Flatten", "torch.nn.Unflatten"}
)


def made_by(value: Value) -> Instance | None:
    """The linear layer whose raw output a tensor is, reshaped at most: after a transposition another dim is mixed."""
    while isinstance(value, Tensor) and value.op in _RESHAPES and value.inputs:
        value = value.inputs[0]
    if not isinstance(value, Tensor) or value.activation is None or value.activation.kind != "linear":
        return None
    layer = value.activation.layer
    return layer if isinstance(layer, Instance) and value.op == layer.library_name else None


def renamed(activation: Activation, name: str, message: str) -> Fix | None:
    """A fix that applies another function in the activation's place: `F.softmax` becomes `F.log_softmax`."""
    site = activation.site
    node = site.node.func if site is not None and isinstance(site.node, ast.Call) else None
    span = name_span(site.at(node)) if site is not None and isinstance(node, ast.Attribute) else None
    if span is None or not isinstance(node, ast.Attribute) or node.attr != activation.kind or activation.layer is not None:
        return None
    return Fix(message, (Edit(span, name),), "unsafe")


def log_in_one(call: Call, activation: Activation, name: str) -> Fix | None:
    """A fix that makes `torch.log(F.softmax(x, dim=1))` the one call `F.log_softmax(x, dim=1)`."""
    given = call.receiver_site if call.receiver is not None else call.argument_site(0, "input")
    if given is None or activation.site is None or not given.same(activation.site) or activation.layer is not None:
        return None
    inner = given.node
    if not isinstance(inner, ast.Call) or not isinstance(inner.func, ast.Attribute) or inner.func.attr != activation.kind:
        return None
    owner = given.at(inner.func.value).text
    arguments = given.text[len(owner) + 1 + len(activation.kind) :]
    if name == "logsigmoid":
        functional = call.name_of("torch.nn.functional")
        if functional is None:
            return None
        arguments = arguments if inner.args else f"({owner})"
        owner = functional
    return replace(call.site, f"{owner}.{name}{arguments}", f"Use {name}")


def removal(activation: Activation, message: str) -> Fix | None:
    """A fix that leaves just what the activation was applied to; None where that takes more than an edit.

    `F.softmax(x, dim=1)`, `x.softmax(1)` and `self.softmax(x)` become `x`; an element of a
    Sequential is taken out.
    """
    site = activation.site
    if site is None or not isinstance(site.node, ast.Call):
        return None
    call = site.node
    if activation.maker is not None and activation.maker.node is call:
        return remove_element(site, message)
    if call.args and not isinstance(call.args[0], ast.Starred):
        method = isinstance(call.func, ast.Attribute) and call.func.attr == activation.kind and not _names_a_module(call)
        inner = call.func.value if method and isinstance(call.func, ast.Attribute) else call.args[0]
        return unwrap(site, site.at(inner), message)
    if isinstance(call.func, ast.Attribute):
        return unwrap(site, site.at(call.func.value), message)
    return None


def _names_a_module(call: ast.Call) -> bool:
    """Whether `a.softmax(x)` is given a tensor, as a function or layer is, rather than a dim."""
    first = call.args[0]
    if isinstance(first, ast.UnaryOp):
        first = first.operand
    return not isinstance(first, ast.Constant)
