"""The statements inside statements' blocks."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = ("body", "orelse", "finalbody")


def inside(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements right inside a statement: of its branches, handlers and cases, in this order."""
    for name in _BLOCKS:
        yield from getattr(node, name, ())
    for handler in getattr(node, "handlers", ()):
        yield from handler.body
    for case in getattr(node, "cases", ()):
        yield from case.body


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement of `body` and below it, those inside nested definitions left out."""
    for node in body:
        yield node
        if not isinstance(node, DEFINITIONS):
            yield from statements(inside(node))
