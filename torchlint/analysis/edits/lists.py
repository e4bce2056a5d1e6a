"""Fixes of lists of layers and transforms: an element taken out, one that is repeated made anew."""

from __future__ import annotations

import ast

from torchlint.analysis.edits.places import replace
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Applicability, Edit, Fix, Span


def remove_element(site: Site, message: str, applicability: Applicability = "safe") -> Fix | None:
    """Take an element out of the call, list or tuple that it stands in, with its comma.

    An element that has a line of its own goes with the line.
    """
    node, parent = site.node, site.tree.parent(site.node)
    if isinstance(parent, ast.Tuple) and isinstance(site.tree.parent(parent), ast.List):
        return remove_element(site.at(parent), message, applicability)
    elements = parent.args if isinstance(parent, ast.Call) else getattr(parent, "elts", None)
    if elements is None or node not in elements:
        return None
    index = elements.index(node)  # type: ignore[arg-type]
    span = site.span
    if index > 0:
        before = site.at(elements[index - 1]).span.end
        return Fix(message, (Edit(Span(before, span.end), ""),), applicability)
    if len(elements) > 1:
        after = site.at(elements[1]).span.start
        return Fix(message, (Edit(Span(span.start, after), ""),), applicability)
    return None


def made_for_each(site: Site, message: str) -> Fix | None:
    """`[f(x)] * n` becomes `[f(x) for _ in range(n)]`."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return None
    held, count = (node.left, node.right) if isinstance(node.left, ast.List) else (node.right, node.left)
    if not isinstance(held, ast.List) or len(held.elts) != 1 or not isinstance(held.elts[0], ast.Call):
        return None
    return replace(site, f"[{site.at(held.elts[0]).text} for _ in range({site.at(count).text})]", message)
