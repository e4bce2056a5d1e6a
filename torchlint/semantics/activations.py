"""Where an activation was applied, and how to take it away."""

from __future__ import annotations

import ast

from torchlint.diagnostic import Fix
from torchlint.semantics.edits import remove_element, unwrap
from torchlint.semantics.values import Activation


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
        first = first.operand  # type: ignore[assignment]
    return not isinstance(first, ast.Constant)
