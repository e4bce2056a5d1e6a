"""Tensors of a module that were meant to be its parameters."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from torchlint.analysis.edits.calls import remove_keyword
from torchlint.analysis.facts.gradients import lost_leaf
from torchlint.analysis.values.abstract import Tensor, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import assigned_value
from torchlint.diagnostic import Edit, Fix, Span

_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Tuple)


def lost_parameter(value: Tensor, held: Mapping[str, Value]) -> bool:
    """Whether a tensor was computed from a parameter that nothing holds any more."""
    if value.parameter or not value.requires_grad:
        return False
    source: Value = value
    for _ in range(8):
        if not isinstance(source, Tensor):
            return False
        if source.op == "parameter" and source.parameter:
            return not any(each is source for each in held.values())
        parents = [each for each in source.inputs if isinstance(each, Tensor)]
        if len(parents) != 1:
            return False
        source = parents[0]
    return False


def unregistered_leaf(value: Tensor) -> bool:
    """Whether a tensor was made to be trained: a leaf that requires a gradient and is no parameter, or was moved or scaled as it was made."""
    if value.requires_grad is not True or value.parameter or value.op in ("parameter", "detach", "data"):
        return False
    return value.leaf is True or lost_leaf(value) is not None


def as_parameter(target: Site, nn: str | None) -> Fix | None:
    """Make an assigned tensor a parameter: `nn.Parameter(…)` around all, `requires_grad=True` gone."""
    value = assigned_value(target)
    if value is None:
        return None
    inner = [each for each in ast.walk(value.node) if isinstance(each, ast.Call) and _called(each) == "Parameter"]
    if len(inner) == 1 and inner[0] is not value.node:
        return _moved_out(value, inner[0])
    return _wrapped(value, nn) if not inner else None


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _moved_out(site: Site, inner: ast.Call) -> Fix | None:
    """`nn.Parameter(a) * b` becomes `nn.Parameter(a * b)`."""
    if len(inner.args) != 1 or inner.keywords:
        return None
    call, argument = site.at(inner), site.at(inner.args[0])
    text = argument.text if isinstance(inner.args[0], _ATOMS) else f"({argument.text})"
    start, end = site.span.start, site.span.end
    callee = site.at(inner.func).text
    before, after = site.tree.text(Span(start, call.span.start)), site.tree.text(Span(call.span.end, end))
    return Fix("Make all of it the parameter", (Edit(site.span, f"{callee}({before}{text}{after})"),))


def _wrapped(site: Site, nn: str | None) -> Fix | None:
    asking = [each for each in ast.walk(site.node) if isinstance(each, ast.Call) and any(keyword.arg == "requires_grad" for keyword in each.keywords)]
    gone = remove_keyword(site.at(asking[0]), "requires_grad", "") if len(asking) == 1 else None
    if nn is None or gone is None:
        return None
    (edit,) = gone.edits
    start, end = site.span.start, site.span.end
    return Fix("Make it a parameter", (Edit(Span(start, start), f"{nn}.Parameter("), edit, Edit(Span(end, end), ")")))
