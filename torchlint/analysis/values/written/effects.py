"""Places where a call is made for what it does, and its result is of no interest: timed, watched, or made a second time."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.values.site import Site
from torchlint.syntax.index import below

_CLOCKS = frozenset({"time", "perf_counter", "perf_counter_ns", "time_ns", "process_time", "monotonic", "default_timer", "synchronize", "record", "elapsed_time", "mark"})
# Contexts that change how something is computed, and look at nothing.
_SETTINGS = frozenset({"no_grad", "enable_grad", "inference_mode", "set_grad_enabled", "autocast", "device", "open", "tqdm", "nullcontext", "amp_autocast"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def for_effect(site: Site) -> bool:
    """Whether a call stands where it is timed or watched, or is written more than once in its function as a statement."""
    return _said_again(site) or any(_watches(node) or _between_clocks(site, node) for node in _around(site))


def _around(site: Site) -> Iterator[ast.AST]:
    """A statement and what it stands in, up to its function."""
    node: ast.AST | None = site.statement.node
    while node is not None and not isinstance(node, _SCOPES):
        yield node
        node = site.tree.parent(node)


def _watches(node: ast.AST) -> bool:
    """`with profile(): …`, `with pytest.raises(RuntimeError): …`: a context that may look at what runs in it."""
    if not isinstance(node, ast.With | ast.AsyncWith):
        return False
    contexts = [each.context_expr.func if isinstance(each.context_expr, ast.Call) else each.context_expr for each in node.items]
    return any(getattr(each, "attr", getattr(each, "id", "")) not in _SETTINGS for each in contexts)


def _between_clocks(site: Site, node: ast.AST) -> bool:
    """Whether a statement before and one behind in a block read a clock."""
    parent = site.tree.parent(node)
    for block in (getattr(parent, name, None) for name in ("body", "orelse", "finalbody")):
        if isinstance(block, list) and node in block:
            index = block.index(node)
            return any(map(_reads_clock, block[:index])) and any(map(_reads_clock, block[index + 1 :]))
    return False


def _reads_clock(statement: ast.stmt) -> bool:
    return any(getattr(each.func, "attr", getattr(each.func, "id", "")) in _CLOCKS for each in below(statement, ast.Call))


def _said_again(site: Site) -> bool:
    text = ast.dump(site.node)
    whole = site.function or site.tree.module
    return sum(ast.dump(each.value) == text for each in below(whole, ast.Expr)) > 1
