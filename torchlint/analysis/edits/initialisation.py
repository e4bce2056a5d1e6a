"""Fixes for a module's `__init__`."""

from __future__ import annotations

import ast

from torchlint.analysis.edits.places import insert_line, remove_statement
from torchlint.analysis.values.abstract import Class, Function, Instance
from torchlint.analysis.values.classes import find, linear_bases
from torchlint.analysis.values.members import calls_base_init
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Edit, Fix, Span


def base_init_first(module: Instance, init: Site) -> Fix | None:
    """Make `super().__init__()` the first statement of an `__init__`; a later call without arguments is moved there.

    None where the base's `__init__` takes further arguments, or the fix would be in another class's code.
    """
    if not isinstance(module.cls, Class) or not isinstance(init.node, ast.FunctionDef):
        return None
    owner = next((each for each in linear_bases(module.cls) if isinstance(each, Class) and init.node in each.node.body), None)
    base = find(module.cls, "__init__", after=owner)
    if owner is None or (isinstance(base, Function) and not _takes_nothing(base)):
        return None
    body = init.node.body
    start = 1 if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1 else 0
    first = init.at(body[start])
    later = [each for each in body if calls_base_init(each)]
    if any(_given(each) for each in later) or first.tree.lines[first.row - 1][: first.span.start.column - 1].strip():
        return None
    named = next((each for each in body if _named_only(each)), None)
    inserted = insert_line(first, "super().__init__()", "")
    removed = [edit for each in (*later, *([named] if named else [])) for edit in remove_statement(init.at(each), "").edits]
    return Fix("Call super().__init__() first", _merged(inserted.edits, removed))


def _merged(inserted: tuple[Edit, ...], removed: list[Edit]) -> tuple[Edit, ...]:
    """Insertion and removals as edits that do not touch: a line removed right where one is inserted is replaced."""
    (at,) = inserted
    for each in removed:
        if each.span.start.row == at.span.start.row:
            line = at.text.partition("\n")[0]
            return (Edit(Span(each.span.start, each.span.end), " " * (at.span.start.column - 1) + line + "\n"), *(other for other in removed if other is not each))
    return (*inserted, *removed)


def _takes_nothing(init: Function) -> bool:
    arguments = init.node.args
    required = len(arguments.args) + len(arguments.posonlyargs) - len(arguments.defaults)
    return required <= 1 and all(default is not None for default in arguments.kw_defaults)


def _given(statement: ast.stmt) -> bool:
    """Whether a call of the base's `__init__` passes anything (the receiver of `nn.Module.__init__(self)` left out)."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return True
    by_super = isinstance(call.func.value, ast.Call)
    return bool(call.keywords) or len(call.args) > (0 if by_super else 1)


def _named_only(statement: ast.stmt) -> bool:
    """`super().__init__` without a call."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Attribute) and value.attr == "__init__" and isinstance(value.value, ast.Call)
