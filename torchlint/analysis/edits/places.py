"""Fixes that replace, insert, unwrap and remove at a place, whatever stands there."""

from __future__ import annotations

import ast

from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Applicability, Edit, Fix, Position, Span

_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Tuple, ast.Dict)
_LOOSE = (ast.Return, ast.Assign, ast.AnnAssign, ast.Expr, ast.keyword)


def replace(site: Site, text: str, message: str, applicability: Applicability = "safe") -> Fix:
    """Put other text in the place of an expression."""
    return Fix(message, (Edit(site.span, text),), applicability)


def replace_span(span: Span, text: str, message: str, applicability: Applicability = "safe") -> Fix:
    return Fix(message, (Edit(span, text),), applicability)


def insert_after(site: Site, text: str, message: str, applicability: Applicability = "safe") -> Fix:
    """Add text right behind an expression."""
    end = site.span.end
    return Fix(message, (Edit(Span(end, end), text),), applicability)


def insert_before(site: Site, text: str, message: str, applicability: Applicability = "safe") -> Fix:
    """Add text right before an expression."""
    start = site.span.start
    return Fix(message, (Edit(Span(start, start), text),), applicability)


def unwrap(site: Site, inner: Site, message: str, applicability: Applicability = "safe") -> Fix:
    """Leave of an expression just a part of it, in parentheses where those are needed."""
    text = inner.text
    parent = site.tree.parent(site.node)
    loose = isinstance(parent, _LOOSE) or (isinstance(parent, ast.Call) and site.node in parent.args)
    if not isinstance(inner.node, _ATOMS) and not loose:
        text = f"({text})"
    return replace(site, text, message, applicability)


def swapped(first: Site | None, second: Site | None, message: str, applicability: Applicability = "safe") -> Fix | None:
    """Exchange two expressions."""
    if first is None or second is None:
        return None
    return Fix(message, (Edit(first.span, second.text), Edit(second.span, first.text)), applicability)


def wrap_statement(site: Site, header: str, message: str, applicability: Applicability = "safe") -> Fix | None:
    """Put a statement under a header such as `with torch.no_grad():`, one level further in.

    None where a text over several lines inside it would change by that.
    """
    span = site.span
    lines = site.tree.lines[span.start.row - 1 : span.end.row]
    indent = lines[0][: span.start.column - 1]
    if indent.strip() or _holds_long_text(site.node):
        return None
    step = _indent_step(site)
    edits = [Edit(Span(Position(span.start.row, 1), Position(span.start.row, 1)), f"{indent}{header}\n")]
    edits += [
        Edit(Span(Position(row, 1), Position(row, 1)), step)
        for row, line in enumerate(lines, span.start.row)
        if line.strip()
    ]
    first = edits.pop(0)
    edits[0] = Edit(first.span, first.text + edits[0].text)
    return Fix(message, tuple(edits), applicability)


def lines_before(site: Site, *lines: str) -> Edit:
    """An edit that adds lines of code before a statement, indented as it is."""
    start = site.span.start
    indent = site.tree.lines[start.row - 1][: start.column - 1]
    return Edit(Span(start, start), "".join(f"{line}\n{indent}" for line in lines))


def insert_line(site: Site, line: str, message: str, applicability: Applicability = "safe") -> Fix:
    """Add a line of code before a statement, indented as it is."""
    return Fix(message, (lines_before(site, line),), applicability)


def remove_statement(site: Site, message: str, applicability: Applicability = "safe") -> Fix:
    """Remove a statement with its lines."""
    span = site.span
    rows = len(site.tree.lines)
    end = Position(span.end.row + 1, 1) if span.end.row < rows else span.end
    return Fix(message, (Edit(Span(Position(span.start.row, 1), end), ""),), applicability)


def _indent_step(site: Site) -> str:
    body = getattr(site.node, "body", None)
    if body:
        outer = site.span.start.column
        inner = site.at(body[0]).span.start
        if inner.row > site.span.start.row and inner.column > outer:
            return site.tree.lines[inner.row - 1][outer - 1 : inner.column - 1]
    return "    "


def _holds_long_text(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Constant | ast.JoinedStr) and each.end_lineno != each.lineno
        for each in ast.walk(node)
        if not (isinstance(each, ast.Constant) and not isinstance(each.value, str | bytes))
    )


def name_of_definition(site: Site, name: str) -> Span | None:
    """The name in the header of a function or class."""
    start = site.span.start
    line = site.tree.lines[start.row - 1]
    at = line.find(name, start.column - 1)
    return Span(Position(start.row, at + 1), Position(start.row, at + 1 + len(name))) if at >= 0 else None


