"""What lies below a node, by kind: each definition is looked over once, however often it is asked about."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

Node = TypeVar("Node", bound=ast.AST)

_DEFINITIONS = frozenset({ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef})
# Fields that hold no nodes, or only such as say how another one is meant: `ctx`, `op`.
_LEAVES = frozenset({"arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "module", "op", "ops", "rest", "simple", "str", "tag", "type_comment"})
_LEAVES_OF = {(ast.Constant, "value"), (ast.MatchSingleton, "value"), (ast.Global, "names"), (ast.Nonlocal, "names")}
# The one kind of node whose name is a node (of Python 3.12 and later).
_TYPE_ALIAS = getattr(ast, "TypeAlias", None)


class _Fields(dict[type, tuple[str, ...]]):
    """The fields of each kind of node that may hold others."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        leaves = _LEAVES if kind is _TYPE_ALIAS else _LEAVES | {"name"}
        fields = tuple(each for each in getattr(kind, "_fields", ()) if each not in leaves and (kind, each) not in _LEAVES_OF)
        self[kind] = fields
        return fields


_fields = _Fields()


def parents(root: ast.AST) -> dict[ast.AST, ast.AST]:
    """Each node of a tree, but for contexts and operators, with the one that holds it."""
    found: dict[ast.AST, ast.AST] = {}
    pending: list[Any] = [root]
    for node in pending:
        for name in _fields[type(node)]:
            held = getattr(node, name, None)
            if held.__class__ is list:
                pending += held
                for each in held:
                    found[each] = node
            elif held is not None:
                pending.append(held)
                found[held] = node
    return found


def walk(root: ast.AST) -> list[ast.AST]:
    """A node and all below it, level by level, but for contexts and operators."""
    found = [root]
    for node in found:
        for name in _fields[type(node)]:
            held = getattr(node, name, None)
            if held.__class__ is list:
                found += [each for each in held if each is not None]
            elif held is not None:
                found.append(held)
    return found


def below(root: ast.AST, *kinds: type[Node]) -> Iterator[Node]:
    """The nodes of some kinds in a tree, its root included; those of definitions within it come last."""
    pending = [root]
    while pending:
        nodes, inner = _own(pending.pop())
        for kind in kinds:
            yield from nodes.get(kind, ())
        pending += inner


def own(definition: ast.AST, *kinds: type[Node]) -> Iterator[Node]:
    """The nodes of some kinds in a definition, those left out that are inside definitions within it."""
    nodes, _ = _own(definition)
    for kind in kinds:
        yield from nodes.get(kind, ())


@lru_cache(maxsize=16384)
def _own(definition: ast.AST) -> tuple[Mapping[type, list[Any]], list[ast.AST]]:
    """The nodes of a definition by kind, and the definitions right inside it."""
    nodes: dict[type, list[Any]] = {}
    inner: list[ast.AST] = []
    found: list[Any] = [definition]
    for node in found:
        kind = type(node)
        if kind in _DEFINITIONS and node is not definition:
            inner.append(node)
            continue
        if kind in nodes:
            nodes[kind].append(node)
        else:
            nodes[kind] = [node]
        for name in _fields[kind]:
            held = getattr(node, name, None)
            if held.__class__ is list:
                found += held
            elif held is not None:
                found.append(held)
    return nodes, inner
