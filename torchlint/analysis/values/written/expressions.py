"""Expressions as they are written: what is called and given, what stands before a dot, what a name is bound to."""

from __future__ import annotations

import ast

from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Position, Span
from torchlint.torch_api.dtypes import CASTS, dtype_of

_SIMPLE = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Tuple, ast.Dict, ast.ListComp)
# Methods that give the object that they are called on.
_GIVE_THEMSELVES = frozenset({"to", "cuda", "train", "eval"})


def is_expression(site: Site) -> bool:
    """Whether a site is an expression, and no statement such as `x /= 2`."""
    return isinstance(site.node, ast.expr)


def is_simple(site: Site) -> bool:
    """Whether an expression needs no parentheses before an operator."""
    return isinstance(site.node, _SIMPLE)


def is_call(site: Site) -> bool:
    return isinstance(site.node, ast.Call)


def is_literal(site: Site) -> bool:
    """Whether an expression is written as one value: `None`, `0`, `"cpu"`."""
    return isinstance(site.node, ast.Constant)


def is_name(site: Site) -> bool:
    """Whether an expression is a name alone: `x`."""
    return isinstance(site.node, ast.Name)


def is_named(site: Site) -> bool:
    """Whether an expression is a name or an attribute: `x`, `self.x`."""
    return isinstance(site.node, ast.Name | ast.Attribute)


def stands_alone(site: Site) -> bool:
    """Whether an expression is a statement: its value is thrown away."""
    return isinstance(site.tree.parent(site.node), ast.Expr)


def name_span(site: Site | None) -> Span | None:
    """The name behind the last dot of an attribute, or a bare name."""
    if site is not None and isinstance(site.node, ast.Name):
        return site.span
    return attribute_span(site)


def attribute_span(site: Site | None) -> Span | None:
    """The name behind the last dot of an attribute."""
    if site is None or not isinstance(site.node, ast.Attribute):
        return None
    end = site.span.end
    return Span(Position(end.row, end.column - len(site.node.attr)), end)


def before_dot(site: Site | None, name: str) -> Site | None:
    """`x` of an attribute `x.name`."""
    node = site.node if site is not None else None
    return site.at(node.value) if site is not None and isinstance(node, ast.Attribute) and node.attr == name else None


def callee(site: Site) -> Site | None:
    """What is called, of a call's site."""
    return site.at(site.node.func) if isinstance(site.node, ast.Call) else None


def receiver(site: Site) -> Site | None:
    """`x` of a call `x.f()`: the expression before the last dot of what is called."""
    node = site.node
    return site.at(node.func.value) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None


def prefix(site: Site) -> str | None:
    """`torch` of a call `torch.mean(x)`: what stands before the last dot, or None for a bare name."""
    before = receiver(site)
    return before.text if before is not None else None


def argument_of(site: Site | None, index: int | None, keyword: str | None = None) -> Site | None:
    """The expression given to the call at `site` as its positional argument `index`, or by keyword."""
    node = site.node if site is not None else None
    if site is None or not isinstance(node, ast.Call):
        return None
    for each in node.keywords:
        if keyword is not None and each.arg == keyword:
            return site.at(each.value)
    if index is not None and index < len(node.args) and not any(isinstance(a, ast.Starred) for a in node.args[: index + 1]):
        return site.at(node.args[index])
    return None


def is_plain(site: Site) -> bool:
    """Whether a call is written without star arguments."""
    node = site.node
    return isinstance(node, ast.Call) and not (any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords))


def names_arguments(site: Site) -> bool:
    """Whether a call is given arguments by keyword."""
    return isinstance(site.node, ast.Call) and bool(site.node.keywords)


def operand_sites(site: Site, count: int, method: bool = False) -> tuple[Site | None, ...]:
    """The expressions of an operation's operands: of `a * b`, `f(a, b)` or the method `a.f(b)`."""
    node = site.node
    if isinstance(node, ast.BinOp):
        found: list[ast.expr] = [node.left, node.right]
    elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
        found = [node.left, node.comparators[0]]
    elif isinstance(node, ast.AugAssign):
        found = [node.target, node.value]
    elif isinstance(node, ast.Call) and not any(isinstance(each, ast.Starred) for each in node.args):
        before = [node.func.value] if method and isinstance(node.func, ast.Attribute) else []
        found = [*before, *node.args]
    else:
        found = []
    return tuple(site.at(found[index]) if index < len(found) else None for index in range(count))


def subscripted(site: Site) -> Site | None:
    """What is subscripted, of a subscript's site."""
    return site.at(site.node.value) if isinstance(site.node, ast.Subscript) else None


def compared_with_number(site: Site) -> bool:
    """Whether an operand stands in arithmetic or a comparison with a plain number."""
    parent = site.tree.parent(site.node)
    others: list[ast.expr] = []
    if isinstance(parent, ast.BinOp):
        others = [parent.left, parent.right]
    elif isinstance(parent, ast.Compare):
        others = [parent.left, *parent.comparators]
    rest = [each for each in others if each is not site.node]
    return bool(rest) and all(isinstance(each, ast.Constant) and isinstance(each.value, int | float) for each in rest)


def filled_at_once(site: Site) -> bool:
    """Whether an in-place method is called on an expression: `torch.Tensor(4).uniform_()`."""
    parent = site.tree.parent(site.node)
    return isinstance(parent, ast.Attribute) and parent.attr.endswith("_")


def cast_at_once(site: Site) -> bool:
    """Whether a chain of methods on an expression settles its dtype: `torch.Tensor([1]).cuda().long()`, `….to(torch.int64)`."""
    parent = site.tree.parent(site.node)
    call = site.tree.parent(parent) if isinstance(parent, ast.Attribute) else None
    if not isinstance(parent, ast.Attribute) or not isinstance(call, ast.Call) or call.func is not parent:
        return False
    given = [*call.args, *(each.value for each in call.keywords)]
    named = any(dtype_of(f"torch.{each.attr}") for each in given if isinstance(each, ast.Attribute))
    return parent.attr in CASTS or (parent.attr in ("to", "type") and named) or parent.attr == "type_as" or cast_at_once(site.at(call))


def becomes_parameter(site: Site) -> bool:
    """Whether an expression is what `nn.Parameter(…)` is made of, moved before it or not: `nn.Parameter(t.to(device))`."""
    parent = site.tree.parent(site.node)
    if isinstance(parent, ast.Attribute) and parent.attr in ("to", "cuda", "cpu"):
        call = site.tree.parent(parent)
        return call is not None and becomes_parameter(site.at(call))
    return isinstance(parent, ast.Call) and getattr(parent.func, "attr", getattr(parent.func, "id", "")) == "Parameter"


def given_to_call(site: Site) -> bool:
    """Whether an expression is a positional argument of a call: `nn.Parameter(…)`."""
    parent = site.tree.parent(site.node)
    return isinstance(parent, ast.Call) and site.node in parent.args


def bound_name(site: Site) -> str | None:
    """The name that the statement around a place binds: `x` of `x = …`."""
    node = site.statement.node
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else None


def names_parameter(site: Site) -> bool:
    """Whether an expression is the name of a parameter of the function around it."""
    arguments = site.function.args if site.function is not None else None
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs] if arguments is not None else []
    return isinstance(site.node, ast.Name) and any(each.arg == site.node.id for each in named)


def function_name(site: Site) -> str | None:
    """The name of the function that a place stands in."""
    return site.function.name if site.function is not None else None


def assigned_value(target: Site) -> Site | None:
    """What is assigned to a target, where it is the only one of its statement: `y` of `x = y`."""
    parent = target.tree.parent(target.node)
    return target.at(parent.value) if isinstance(parent, ast.Assign) and parent.targets == [target.node] else None


def is_assigned(site: Site) -> bool:
    """Whether an expression is all that the statement around it assigns, to one target: `y` of `x = y`."""
    parent = site.tree.parent(site.node)
    return isinstance(parent, ast.Assign) and parent.value is site.node and len(parent.targets) == 1


def has_no_name(site: Site) -> bool:
    """Whether the object that an expression stands for has no name in the program: it is made there, perhaps moved at once."""
    before = receiver(site)
    moved = isinstance(site.node, ast.Call) and isinstance(site.node.func, ast.Attribute) and site.node.func.attr in _GIVE_THEMSELVES
    return is_call(site) and not (moved and before is not None and is_named(before))
