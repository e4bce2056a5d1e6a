"""Fixes of assignments: what is assigned wrapped, the assignment made a call, the call left alone."""

from __future__ import annotations

import ast

from torchlint.analysis.edits.calls import handed_to
from torchlint.analysis.values.expressions import receiver
from torchlint.analysis.values.site import Site
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


def made_a_call(target: Site, method: str, given: str, message: str) -> Fix | None:
    """`x.name = y` becomes `x.method(given y)`; `given` is what stands before the value, such as another argument with its comma."""
    statement = target.tree.parent(target.node)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or not isinstance(target.node, ast.Attribute):
        return None
    owner, value = target.at(target.node.value).text, target.at(statement.value).span
    # Parentheses around the value belong to the statement.
    start, end = Span(target.span.start, value.start), Span(value.end, target.at(statement).span.end)
    return Fix(message, (Edit(start, f"{owner}.{method}({given}"), Edit(end, ")")))


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
