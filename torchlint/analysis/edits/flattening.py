"""Fixes that flatten each sample of a batch, and keep the first dimension."""

from __future__ import annotations

import ast

from torchlint.analysis.edits.calls import add_argument, method_replaced
from torchlint.analysis.edits.places import replace
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Fix


def from_first_dim(site: Site, message: str) -> Fix | None:
    """`flatten(x)` and `flatten(x, 0)` become `flatten(x, 1)`, `nn.Flatten(0)` becomes `nn.Flatten(1)`."""
    node = site.node
    if not isinstance(node, ast.Call):
        return None
    given = [*node.args, *(each.value for each in node.keywords if each.arg == "start_dim")]
    start = next((site.at(each) for each in given if isinstance(each, ast.Constant)), None)
    if start is None:
        return add_argument(site, "1", message)
    return replace(start, "1", message) if start.text == "0" else None


def each_sample(site: Site, sizes: int, message: str) -> Fix | None:
    """`x.view(-1)`, or `x.view(-1, n)` for two `sizes`, becomes `x.flatten(1)`."""
    node = site.node
    if not isinstance(node, ast.Call) or len(node.args) != sizes or not isinstance(node.args[0], ast.UnaryOp):
        return None
    return method_replaced(site, "flatten(1)", message)


def size_of_receiver(site: Site, size: Site, message: str) -> Fix | None:
    """`x.view(8, -1)` becomes `x.view(x.size(0), -1)`; None where another expression than a name is reshaped."""
    node = site.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or size.node not in node.args[:1]:
        return None
    given = site.at(node.func.value)
    return replace(size, f"{given.text}.size(0)", message) if isinstance(given.node, ast.Name) else None
