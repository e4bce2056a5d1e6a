"""Whether a reshape that swaps dims is one half of a shift: cut along a dim, and reshaped back."""

from __future__ import annotations

import ast

from torchlint.analysis.values.abstract import Tensor
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import bound_name

_RESHAPES = frozenset({"view", "reshape", "view_as", "reshape_as"})


def shifts(site: Site, given: Tensor) -> bool:
    """Whether what the call at `site` makes is sliced later in its function and then reshaped again, or is that second reshape.

    Relative positions are shifted so: https://arxiv.org/abs/1901.02860, appendix B.
    """
    made = given.inputs[0] if given.op == "getitem" and given.inputs else None
    if isinstance(made, Tensor) and made.op in _RESHAPES:
        return True
    name, scope = bound_name(site), site.around(ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)
    if name is None or scope is None:
        return False
    row = site.statement.row
    behind = [each for each in ast.walk(scope) if isinstance(each, ast.Subscript | ast.Call) and each.lineno > row]
    cuts = [each.lineno for each in behind if isinstance(each, ast.Subscript) and _cut(each, name)]
    return any(isinstance(each, ast.Call) and _reshapes(each) and each.lineno >= min(cuts) for each in behind) if cuts else False


def _cut(node: ast.Subscript, name: str) -> bool:
    """`name[:, 1:]`"""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return isinstance(node.value, ast.Name) and node.value.id == name and any(isinstance(each, ast.Slice) and (each.lower or each.upper) for each in parts)


def _reshapes(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr in _RESHAPES
