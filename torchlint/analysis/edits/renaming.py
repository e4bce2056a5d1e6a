"""Names of a scope: whether a call overwrites what it calls, and a new name for what is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Edit, Fix

_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module


def rebound_name(call: Site, callee: Site) -> Site | None:
    """The target of `name = name(...)`, given the call and a later place where `name` is called."""
    statement = call.statement
    node = statement.node
    if not isinstance(node, ast.Assign) or node.value is not call.node or not isinstance(node.value, ast.Call):
        return None
    target = node.targets[0]
    names = {ast.unparse(each) for each in (target, node.value.func, callee.node)}
    return statement.at(target) if len(names) == 1 and isinstance(target, ast.Name | ast.Attribute) else None


def renamed_in_scope(target: Site, callee: Site, maker: Site | None, name: str) -> Fix | None:
    """A fix that gives what is called another name, where it is made and where it is called.

    None unless both are in one scope, the new name is free there, and nothing else calls the old one.
    """
    made = maker.statement.node if maker is not None and maker.tree is target.tree else None
    if not isinstance(target.node, ast.Name) or not isinstance(made, ast.Assign) or len(made.targets) != 1:
        return None
    scope, old, first = _scope(target), target.node.id, made.targets[0]
    if not isinstance(first, ast.Name) or first.id != old or maker is None or made.value is not maker.node:
        return None
    if _scope(target.at(made)) is not scope or any(each.id == name for each in _names(scope)):
        return None
    calls = [each.func for each in ast.walk(scope) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == old]
    if len(calls) != 1:
        return None
    edits = tuple(Edit(target.at(each).span, name) for each in (first, calls[0]))
    return Fix(f"Call the function `{name}`", edits)


def _scope(site: Site) -> _Scope:
    return site.around(ast.FunctionDef, ast.AsyncFunctionDef, ast.Module) or site.tree.module


def _names(scope: ast.AST) -> Iterator[ast.Name]:
    return (each for each in ast.walk(scope) if isinstance(each, ast.Name))
