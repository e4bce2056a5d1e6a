"""Fixes as edits of text, made from the places of what is to change."""

from __future__ import annotations

import ast
from dataclasses import replace as changed

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


def add_argument(site: Site, text: str, message: str, applicability: Applicability = "safe") -> Fix | None:
    """Add an argument at the end of a call."""
    node = site.node
    if not isinstance(node, ast.Call):
        return None
    end = site.span.end
    close = Position(end.row, end.column - 1)
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    if not given:
        return Fix(message, (Edit(Span(close, close), text),), applicability)
    last = max(site.at(each).span.end for each in given)
    # Parentheses around the last argument belong to it.
    between = site.tree.text(Span(last, close))
    closing = len(between) - len(between.lstrip(") "))
    last = changed(last, column=last.column + len(between[:closing].rstrip()))
    return Fix(message, (Edit(Span(last, last), f", {text}"),), applicability)


def swapped(first: Site | None, second: Site | None, message: str, applicability: Applicability = "safe") -> Fix | None:
    """Exchange two expressions."""
    if first is None or second is None:
        return None
    return Fix(message, (Edit(first.span, second.text), Edit(second.span, first.text)), applicability)


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


def insert_line(site: Site, line: str, message: str, applicability: Applicability = "safe", *, after: bool = False) -> Fix:
    """Add a line of code before (or after) a statement, indented as it is."""
    span = site.span
    indent = site.tree.lines[span.start.row - 1][: span.start.column - 1]
    if after:
        end = Position(span.end.row, len(site.tree.lines[span.end.row - 1]) + 1)
        return Fix(message, (Edit(Span(end, end), f"\n{indent}{line}"),), applicability)
    return Fix(message, (Edit(Span(span.start, span.start), f"{line}\n{indent}"),), applicability)


def remove_statement(site: Site, message: str, applicability: Applicability = "safe") -> Fix:
    """Remove a statement with its lines."""
    span = site.span
    rows = len(site.tree.lines)
    end = Position(span.end.row + 1, 1) if span.end.row < rows else span.end
    return Fix(message, (Edit(Span(Position(span.start.row, 1), end), ""),), applicability)


def statement_of(site: Site) -> Site:
    """The statement that an expression stands in."""
    node: ast.AST | None = site.node
    while node is not None and not isinstance(node, ast.stmt):
        node = site.tree.parent(node)
    return site.at(node) if node is not None else site


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


def remove_keyword(site: Site, name: str, message: str, applicability: Applicability = "safe") -> Fix | None:
    """Take a keyword argument out of a call, with the comma before it (or behind it, if it is the first)."""
    node = site.node
    found = next((each for each in node.keywords if each.arg == name), None) if isinstance(node, ast.Call) else None
    if found is None or not isinstance(node, ast.Call):
        return None
    span = site.at(found).span
    others = [site.at(each).span for each in (*node.args, *node.keywords) if each is not found]
    before = [each.end for each in others if each.end <= span.start]
    after = [each.start for each in others if each.start >= span.end]
    if before:
        return Fix(message, (Edit(Span(max(before), span.end), ""),), applicability)
    return Fix(message, (Edit(Span(span.start, min(after) if after else span.end), ""),), applicability)
