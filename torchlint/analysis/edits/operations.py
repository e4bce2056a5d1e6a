"""Fixes of operations on tensors: a call put behind, a term added, another operator, another number to compare with."""

from __future__ import annotations

import ast

from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import is_simple
from torchlint.diagnostic import Applicability, Edit, Fix, Position, Span


def call_behind(site: Site, text: str) -> tuple[Edit, ...]:
    """Edits that put `.text` behind an expression, in parentheses where those are needed."""
    start, end = site.span.start, site.span.end
    if is_simple(site):
        return (Edit(Span(end, end), f".{text}"),)
    if _in_parentheses(site):
        after = Position(end.row, end.column + 1)
        return (Edit(Span(after, after), f".{text}"),)
    return (Edit(Span(start, start), "("), Edit(Span(end, end), f").{text}"))


def term_added(site: Site, term: str) -> tuple[Edit, ...]:
    """Edits that add `+ term` to an expression, in parentheses unless nothing binds it tighter."""
    start, end = site.span.start, site.span.end
    parent = site.tree.parent(site.node)
    if _in_parentheses(site) or (isinstance(parent, ast.Call) and site.node in parent.args):
        return (Edit(Span(end, end), f" + {term}"),)
    return (Edit(Span(start, start), "("), Edit(Span(end, end), f" + {term})"))


def _in_parentheses(site: Site) -> bool:
    """Whether an expression stands in parentheses of its own, and not in those of a call."""
    parent = site.tree.parent(site.node)
    if not isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Compare | ast.Attribute):
        return False
    start, end = site.span.start, site.span.end
    before = site.tree.lines[start.row - 1][: start.column - 1]
    return before.endswith("(") and site.tree.lines[end.row - 1][end.column - 1 :].startswith(")")


def operator_replaced(site: Site, old: str, new: str, message: str, applicability: Applicability = "safe") -> Fix | None:
    """Another operator in a binary operation."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return None
    start, end = site.at(node.left).span.end, site.at(node.right).span.start
    if start.row != end.row:
        return None
    between = site.tree.text(Span(start, end))
    if between.count(old) != 1:
        return None
    column = start.column + between.index(old)
    span = Span(Position(start.row, column), Position(start.row, column + len(old)))
    return Fix(message, (Edit(span, new),), applicability)


def above_zero(site: Site, written: Site) -> Fix | None:
    """A fix that compares with 0: for a comparison with another number, or in the place of a rounding."""
    message = "Compare with 0"
    if isinstance(site.node, ast.Compare):
        number = site.at(site.node.comparators[0])
        return Fix(message, (Edit(number.span, "0"),), "unsafe")
    text = written.text if is_simple(written) else f"({written.text})"
    return Fix(message, (Edit(site.span, f"({text} > 0).float()"),), "unsafe")
