"""Fixes of calls: another function, arguments given, changed and taken out."""

from __future__ import annotations

import ast
from dataclasses import replace as changed

from torchlint.analysis.edits.places import replace, replace_span
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import (
    argument_of,
    attribute_span,
    callee,
    is_simple,
    prefix,
)
from torchlint.diagnostic import Applicability, Edit, Fix, Position, Span


def renamed_call(site: Site, name: str, message: str, applicability: Applicability = "safe") -> Fix | None:
    """`x.old(...)` becomes `x.name(...)`; None where what is called has no dot before its name."""
    span = attribute_span(callee(site))
    return replace_span(span, name, message, applicability) if span is not None else None


def method_replaced(site: Site, text: str, message: str, applicability: Applicability = "safe") -> Fix | None:
    """`x.old(...)` becomes `x.text`; None where what is called has no dot before its name."""
    name = attribute_span(callee(site))
    return replace_span(Span(name.start, site.span.end), text, message, applicability) if name is not None else None


def method_left_out(site: Site, name: str, message: str) -> Fix | None:
    """`x.name(...)` becomes `x(...)`; None where the name does not stand right behind its dot."""
    called = callee(site)
    if called is None or not isinstance(called.node, ast.Attribute):
        return None
    end = called.span.end
    span = Span(Position(end.row, end.column - len(name) - 1), end)
    return Fix(message, (Edit(span, ""),)) if site.tree.text(span) == f".{name}" else None


def run_by(site: Site, old: str, new: str, message: str) -> Fix | None:
    """`F.old(x)` and `F()(x)` become `F.new(x)`."""
    called = callee(site)
    if called is None:
        return None
    node = called.node
    if isinstance(node, ast.Attribute) and node.attr == old:
        return renamed_call(site, new, message)
    if isinstance(node, ast.Call) and not node.args and not node.keywords:
        return replace(called, f"{site.at(node.func).text}.{new}", message)
    return None


def argument_instead(site: Site, given: Site, behind: str, message: str, applicability: Applicability = "safe") -> Fix:
    """`f(x)` becomes `x.behind`."""
    left, right = ("", "") if is_simple(given) else ("(", ")")
    before, after = Span(site.span.start, given.span.start), Span(given.span.end, site.span.end)
    return Fix(message, (Edit(before, left), Edit(after, f"{right}.{behind}")), applicability)


def handed_to(site: Site, function: str, message: str) -> Fix:
    """Hand an expression to a function: `x` becomes `function(x)`."""
    start, end = site.span.start, site.span.end
    return Fix(message, (Edit(Span(start, start), f"{function}("), Edit(Span(end, end), ")")))


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


def set_argument(site: Site, index: int, keyword: str, text: str, message: str, applicability: Applicability = "safe") -> Fix | None:
    """Give a call an argument: in the place of the one that it has, or by keyword at its end."""
    given = argument_of(site, index, keyword)
    if given is not None:
        return replace(given, text, message, applicability)
    return add_argument(site, f"{keyword}={text}", message, applicability)


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


def dtype_argument(site: Site, dtype: str, before: str) -> Edit | None:
    """An edit that gives a call of torch `dtype=torch.…`, in the place of the one it has or before another keyword."""
    node, package = site.node, prefix(site)
    if not isinstance(node, ast.Call) or package is None:
        return None
    by_name = {each.arg: each for each in node.keywords}
    if "dtype" in by_name:
        return Edit(site.at(by_name["dtype"].value).span, f"{package}.{dtype}")
    if before not in by_name:
        return None
    start = site.at(by_name[before]).span.start
    return Edit(Span(start, start), f"dtype={package}.{dtype}, ")
