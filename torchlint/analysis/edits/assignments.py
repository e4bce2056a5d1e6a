"""Fixes of assignments: what is assigned wrapped, the assignment made a call, the call left alone."""

from __future__ import annotations

import ast

from torchlint.analysis.edits.calls import handed_to
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import assigned_value, receiver
from torchlint.diagnostic import Edit, Fix, Span


def value_handed_to(target: Site, function: str, message: str) -> Fix | None:
    """`x = y` becomes `x = function(y)`; None for a tuple without parentheses."""
    statement = target.tree.parent(target.node)
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return None
    value = target.at(statement.value)
    if isinstance(value.node, ast.Tuple) and not value.text.startswith("("):
        return None
    return handed_to(value, function, message)


def made_a_call(target: Site, method: str, first: str, message: str) -> Fix | None:
    """`x.name = y` becomes `x.method(first, y)`."""
    value = assigned_value(target)
    if value is None or not isinstance(target.node, ast.Attribute):
        return None
    owner = target.at(target.node.value).text
    # Parentheses around the value belong to the statement.
    start, end = Span(target.span.start, value.span.start), Span(value.span.end, target.statement.span.end)
    return Fix(message, (Edit(start, f"{owner}.{method}({first}, "), Edit(end, ")")))


def left_alone(call: Site, message: str) -> Fix:
    """`x = x.f()` becomes `x.f()`."""
    return Fix(message, (Edit(Span(call.statement.span.start, call.span.start), ""),))


def named_first(target: Site, call: Site, message: str) -> Fix | None:
    """`x = f().g()` becomes `x = f()`, and `x.g()` on a line of its own."""
    before = receiver(call)
    if before is None:
        return None
    statement, end = call.statement, before.span.end
    indent = statement.tree.lines[statement.row - 1][: statement.span.start.column - 1]
    return Fix(message, (Edit(Span(end, end), f"\n{indent}{target.text}"),))
