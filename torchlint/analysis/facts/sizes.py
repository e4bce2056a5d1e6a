"""Sizes as a program writes them: those given to `view` and `reshape`, and which are numbers that it puts down."""

from __future__ import annotations

import ast

from torchlint.analysis.values.abstract import Const, List, Size, Tensor, Tuple, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import ITEMS
from torchlint.analysis.values.written.expressions import argument_of
from torchlint.syntax.index import below
from torchlint.torch_api.dims import Dim


def size_arguments(positional: tuple[Value, ...], site: Site, method: bool) -> list[tuple[Value, Site]]:
    """The sizes given to `view` or `reshape`, each with its place; empty where they are not written one by one."""
    node = site.node
    if not isinstance(node, ast.Call) or any(isinstance(each, ast.Starred) for each in node.args):
        return []
    nodes: list[ast.expr] = node.args if method else node.args[1:]
    values: list[Value] = list(positional[1:])
    if len(nodes) == 1 and isinstance(nodes[0], ast.Tuple | ast.List) and isinstance(values[0], Tuple | List):
        held = values[0].items if isinstance(values[0], Tuple) else values[0].store.get(ITEMS)
        nodes, values = nodes[0].elts, list(held or ())
    if len(nodes) != len(values) or any(isinstance(each, ast.Starred) for each in nodes):
        return []
    return [(value, site.at(each)) for value, each in zip(values, nodes, strict=True)]


def dim_of(value: Value) -> Dim:
    """A size as a dim; None where it is not known."""
    return value.dim if isinstance(value, Size) else value.value if isinstance(value, Const) and type(value.value) is int else None


def written(site: Site | None) -> bool:
    """Whether a size is a number that the program writes down, rather than reads off a tensor."""
    return site is not None and _written(site, site.node, 4)


def _written(site: Site, node: ast.AST, depth: int) -> bool:
    match node:
        case ast.Constant(value=int()):
            return True
        case ast.BinOp():
            return _written(site, node.left, depth) and _written(site, node.right, depth)
        case ast.UnaryOp():
            return _written(site, node.operand, depth)
        case ast.Name():
            function = site.function
            if function is None or depth == 0:
                return function is None
            given = [each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
            if node.id in given:
                return False
            values = [
                each.value if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name) else None
                for each in below(function, ast.Assign, ast.AugAssign, ast.For, ast.NamedExpr)
                if (isinstance(each, ast.Assign) and any(node.id == name for target in each.targets for name in _names(target)))
                or (isinstance(each, ast.AugAssign | ast.For | ast.NamedExpr) and node.id in _names(each.target))
            ]
            return all(value is not None and _written(site, value, depth - 1) for value in values)
        case ast.Attribute(value=ast.Name(id="self")):
            return not _set_while_running(site, node.attr)
    return False


def _names(target: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}


def _set_while_running(site: Site, name: str) -> bool:
    """Whether a method other than `__init__` sets an attribute of self."""
    cls = site.around(ast.ClassDef)
    methods = [each for each in (cls.body if cls is not None else ()) if isinstance(each, ast.FunctionDef) and each.name != "__init__"]
    return any(
        each.attr == name and isinstance(each.ctx, ast.Store)
        for method in methods
        for each in below(method, ast.Attribute)
    )


def length_written(tensor: Tensor) -> bool:
    """Whether a `view` says how long the first dim is, in a number that the program writes down."""
    node = tensor.site.node if tensor.op in ("view", "reshape") and tensor.site is not None else None
    if tensor.site is None or not isinstance(node, ast.Call) or not node.args:
        return False
    first = node.args[0] if len(node.args) > 1 else getattr(node.args[0], "elts", [None])[0]
    return first is not None and not isinstance(first, ast.UnaryOp) and written(tensor.site.at(first))


def states_features(flat: Tensor) -> bool:
    """Whether the last size of a `view` is a number that the program writes down."""
    node = flat.site.node if flat.site is not None else None
    if flat.site is None or flat.op not in ("view", "reshape") or not isinstance(node, ast.Call) or not node.args:
        return False
    last = node.args[-1]
    last = last.elts[-1] if isinstance(last, ast.Tuple | ast.List) and last.elts else last
    return not isinstance(last, ast.UnaryOp) and written(flat.site.at(last))


def leaves_batch(site: Site | None) -> bool:
    """Whether the first size of a `view` is -1, left to torch."""
    node = site.node if site is not None else None
    given = [*node.args] if isinstance(node, ast.Call) else []
    if given and isinstance(given[-1], ast.Tuple | ast.List):
        given = given[-1].elts
    return bool(given) and isinstance(given[0], ast.UnaryOp) and getattr(given[0].operand, "value", None) == 1


def one_of_one_row(site: Site) -> Site | None:
    """The 1 of `view(1, -1)`, as which the batch is written."""
    one, rest = argument_of(site, 0), argument_of(site, 1)
    if one is None or rest is None or argument_of(site, 2) is not None:
        return None
    return one if (one.text, rest.text) == ("1", "-1") else None
