"""The conditions under which a place is reached, as they are written in the program."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from torchlint.analysis.values.abstract import Frame
from torchlint.analysis.values.site import Site
from torchlint.syntax.index import below

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def conditions(site: Site) -> Iterator[ast.expr]:
    """The tests in the function around a place that decide whether it is reached, innermost first.

    Those of `if`, `while` and conditional expressions around it, of `and` and `or` to its left, what a handler
    catches, and those of an earlier `if` that leaves the block.
    """
    node: ast.AST = site.node
    while not isinstance(node, _FUNCTIONS):
        parent = site.tree.parent(node)
        if parent is None:
            return
        match parent:
            case ast.If() | ast.While() | ast.IfExp() if node is not parent.test:
                yield parent.test
            case ast.BoolOp() if node is not parent.values[0]:
                yield parent.values[0]
            case ast.ExceptHandler(type=ast.expr() as caught):
                yield caught
        if isinstance(node, ast.stmt):
            yield from _left_before(parent, node)
        node = parent


def _left_before(parent: ast.AST, node: ast.stmt) -> Iterator[ast.expr]:
    for earlier in statements_before(parent, node):
        if isinstance(earlier, ast.If) and any(isinstance(arm[-1], _ENDS) for arm in (earlier.body, earlier.orelse) if arm):
            yield earlier.test


def statements_before(parent: ast.AST, node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements of a block that come before one of them."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and node in block:
            yield from block[: block.index(node)]


def inside(site: Site, outer: Site) -> bool:
    """Whether a place lies in another one."""
    return site.tree is outer.tree and outer.span.start <= site.span.start and site.span.end <= outer.span.end


def way(frame: Frame, site: Site) -> Iterator[tuple[Frame, Site]]:
    """From a place outwards: each running function with the place in it, up to one that nobody calls."""
    each: Frame | None = frame
    node = site.node
    while each is not None:
        yield each, each.site(node)
        if each.alone or each.call is None:
            return
        node, each = each.call, each.caller


def outermost(frame: Frame) -> Frame:
    """The frame in which a run began: a file's, or that of a function that nobody calls."""
    while frame.caller is not None and not frame.alone:
        frame = frame.caller
    return frame


def tried(site: Site) -> bool:
    """Whether a statement stands right in a `try` that has handlers: its failure may be the point."""
    parent = site.tree.parent(site.node)
    if isinstance(parent, ast.Expr):
        parent = site.tree.parent(parent)
    return isinstance(parent, ast.Try) and bool(parent.handlers)


def parameters(frame: Frame) -> frozenset[str]:
    """The names of a function's parameters, the receiver left out."""
    if frame.function is None:
        return frozenset()
    arguments = frame.function.node.args
    named = [*arguments.posonlyargs, *arguments.args]
    if frame.receiver is not None:
        named = named[1:]
    extra = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return frozenset(each.arg for each in (*named, *arguments.kwonlyargs, *extra))


@lru_cache(maxsize=256)
def rebound(function: ast.AST) -> frozenset[str]:
    """The names that a function binds itself."""
    return frozenset(each.id for each in below(function, ast.Name) if isinstance(each.ctx, ast.Store))


def switched_by_mode(frame: Frame, test: ast.expr) -> bool:
    """Whether a condition asks for a mode: `self.training`, or what the caller passes."""
    given = parameters(frame) - (rebound(frame.function.node) if frame.function is not None else frozenset())
    for each in ast.walk(test):
        if isinstance(each, ast.Attribute) and each.attr == "training":
            return True
        if isinstance(each, ast.Name) and each.id in given and not _measured(test, each):
            return True
    return False


def _measured(test: ast.expr, name: ast.Name) -> bool:
    """Whether a condition only measures or looks at the type of what a name holds: `x.dim() == 2`, `mask is None`."""
    for each in ast.walk(test):
        if isinstance(each, ast.Attribute) and each.value is name:
            return True
        if isinstance(each, ast.Call) and name in each.args:
            return True
        if isinstance(each, ast.Compare) and any(isinstance(op, ast.Is | ast.IsNot) for op in each.ops):
            return True
    return False


def other_arm_passes(site: Site, keyword: str) -> bool:
    """Whether the other arm of a condition around a call makes a call that passes a keyword."""
    node: ast.AST | None = site.node
    while node is not None and not isinstance(node, _FUNCTIONS):
        parent = site.tree.parent(node)
        if isinstance(parent, ast.If | ast.Try):
            arms = [parent.body, parent.orelse, *(handler.body for handler in getattr(parent, "handlers", ()))]
            others = [each for arm in arms if node not in arm for each in arm]
            if any(isinstance(part, ast.keyword) and part.arg == keyword for each in others for part in ast.walk(each)):
                return True
        node = parent
    return False


def bound_and_unread(site: Site) -> bool:
    """Whether an expression is bound to a local name that its function never reads."""
    parent = site.tree.parent(site.node)
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1 or not isinstance(parent.targets[0], ast.Name):
        return False
    name, function = parent.targets[0].id, site.function
    return function is not None and not any(each.id == name and isinstance(each.ctx, ast.Load) for each in below(function, ast.Name))


def kept_for_later(target: Site, loop: Site) -> Site | None:
    """The name that `best = model` copies, where that stands under a condition in a loop and `best` is only read after it."""
    statement = target.tree.parent(target.node)
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Name) or not isinstance(target.node, ast.Name):
        return None
    if next(conditions(target), None) is None:
        return None
    name, end = target.node.id, loop.span.end
    read = [each for each in below(target.tree.module, ast.Name) if each.id == name and isinstance(each.ctx, ast.Load)]
    if not read or any(inside(target.at(each), loop) for each in read) or not any(target.at(each).span.start > end for each in read):
        return None
    return target.at(statement.value)


def chosen(repetition: Site) -> bool:
    """Whether a thing with a name of its own is repeated under a condition: sharing it is a choice that the program offers."""
    named = any(isinstance(each, ast.Name) for each in getattr(getattr(repetition.node, "left", None), "elts", ()))
    return any(named or _is_flag(test) for test in conditions(repetition)) or _other_arm_makes_each(repetition)


def _other_arm_makes_each(site: Site) -> bool:
    """Whether the other arm of a condition around a place makes things one by one."""
    node: ast.AST | None = site.node
    while node is not None and not isinstance(node, _FUNCTIONS):
        parent = site.tree.parent(node)
        if isinstance(parent, ast.IfExp) and node is not parent.test:
            others: list[ast.AST] = [parent.orelse if node is parent.body else parent.body]
        else:
            others = list(parent.orelse if node in parent.body else parent.body) if isinstance(parent, ast.If) and node is not parent.test else []
        if any(isinstance(each, ast.ListComp | ast.GeneratorExp | ast.For) for other in others for each in ast.walk(other)):
            return True
        node = parent
    return False


def _is_flag(test: ast.expr) -> bool:
    """Whether a condition asks for a choice and measures nothing: `shared`, `not self.tied`, `mode == "shared"`, `config["tied"] is True`."""
    match test:
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return True
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _is_flag(operand)
        case ast.BoolOp(values=values):
            return any(map(_is_flag, values))
        case ast.Compare(left=left, comparators=[ast.Constant(value=str() | bool())]):
            return _is_flag(left)
        case ast.Call(func=ast.Attribute(attr="get")):
            return True
    return False
