"""Fixes for expressions on tensors: another method's name, a call put behind, another operator."""

from __future__ import annotations

import ast

from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Applicability, Edit, Fix, Position, Span

_SIMPLE = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Tuple, ast.Dict, ast.ListComp)


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
        receiver = [node.func.value] if method and isinstance(node.func, ast.Attribute) else []
        found = [*receiver, *node.args]
    else:
        found = []
    return tuple(site.at(found[index]) if index < len(found) else None for index in range(count))


def call_behind(site: Site, text: str) -> tuple[Edit, ...]:
    """Edits that put `.text` behind an expression, in parentheses where those are needed."""
    start, end = site.span.start, site.span.end
    if isinstance(site.node, _SIMPLE):
        return (Edit(Span(end, end), f".{text}"),)
    if _in_parentheses(site):
        after = Position(end.row, end.column + 1)
        return (Edit(Span(after, after), f".{text}"),)
    return (Edit(Span(start, start), "("), Edit(Span(end, end), f").{text}"))


def _in_parentheses(site: Site) -> bool:
    """Whether an expression stands in parentheses of its own, and not in those of a call."""
    parent = site.tree.parent(site.node)
    if not isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Compare | ast.Attribute):
        return False
    start, end = site.span.start, site.span.end
    before = site.tree.lines[start.row - 1][: start.column - 1]
    return before.endswith("(") and site.tree.lines[end.row - 1][end.column - 1 :].startswith(")")


def name_span(site: Site | None) -> Span | None:
    """The name behind the last dot of an attribute, or a bare name."""
    if site is None:
        return None
    if isinstance(site.node, ast.Name):
        return site.span
    if not isinstance(site.node, ast.Attribute):
        return None
    end = site.span.end
    return Span(Position(end.row, end.column - len(site.node.attr)), end)


def callee(site: Site) -> Site | None:
    """What is called, of a call's site."""
    return site.at(site.node.func) if isinstance(site.node, ast.Call) else None


def prefix(site: Site) -> str | None:
    """`torch` of a call `torch.mean(x)`: what stands before the last dot, or None for a bare name."""
    node = site.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return site.at(node.func.value).text
    return None


def renamed_call(site: Site, name: str, message: str, applicability: Applicability = "safe") -> Fix | None:
    """`x.old(...)` becomes `x.name(...)`; None where what is called has no dot before its name."""
    called = callee(site)
    span = name_span(called)
    if called is None or span is None or isinstance(called.node, ast.Name):
        return None
    return Fix(message, (Edit(span, name),), applicability)


def operator_replaced(site: Site, old: str, new: str, message: str, applicability: Applicability = "safe") -> Fix | None:
    """Another operator in a binary operation."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return None
    start, end = site.at(node.left).span.end, site.at(node.right).span.start
    if start.row != end.row:
        return None
    between = site.tree.text(Span(start, end))
    if between.count(old) != 1:
        return None
    column = start.column + between.index(old)
    span = Span(Position(start.row, column), Position(start.row, column + len(old)))
    return Fix(message, (Edit(span, new),), applicability)


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


def subscripted(site: Site) -> Site | None:
    """What is subscripted, of a subscript's site."""
    return site.at(site.node.value) if isinstance(site.node, ast.Subscript) else None


def dtype_argument(site: Site, dtype: str, before: str) -> Edit | None:
    """An edit that gives a call of torch `dtype=torch.…`, in the place of the one it has or before another keyword."""
    node, package = site.node, prefix(site)
    if not isinstance(node, ast.Call) or package is None:
        return None
    by_name = {each.arg: each for each in node.keywords}
    if "dtype" in by_name:
        return Edit(site.at(by_name["dtype"].value).span, f"{package}.{dtype}")
    if before not in by_name:
        return None
    start = site.at(by_name[before]).span.start
    return Edit(Span(start, start), f"dtype={package}.{dtype}, ")


def filled_at_once(site: Site) -> bool:
    """Whether an in-place method is called on an expression: `torch.Tensor(4).uniform_()`."""
    parent = site.tree.parent(site.node)
    return isinstance(parent, ast.Attribute) and parent.attr.endswith("_")


def parameter_data(site: Site) -> bool:
    """Whether an expression is given to a call whose name speaks of a parameter or buffer: `nn.Parameter(…)`."""
    parent = site.tree.parent(site.node)
    return isinstance(parent, ast.Call) and site.node in parent.args


def is_expression(site: Site) -> bool:
    """Whether a site is an expression, and no statement such as `x /= 2`."""
    return isinstance(site.node, ast.expr)


def is_simple(site: Site) -> bool:
    """Whether an expression needs no parentheses before an operator."""
    return isinstance(site.node, _SIMPLE)


def argument_of(site: Site | None, index: int, keyword: str) -> Site | None:
    """The expression given to a call as its positional argument `index`, or by keyword."""
    node = site.node if site is not None else None
    if site is None or not isinstance(node, ast.Call):
        return None
    for each in node.keywords:
        if each.arg == keyword:
            return site.at(each.value)
    if index < len(node.args) and not any(isinstance(each, ast.Starred) for each in node.args[: index + 1]):
        return site.at(node.args[index])
    return None


def above_zero(site: Site, written: Site) -> Fix | None:
    """A fix that compares with 0: for a comparison with another number, or in the place of a rounding."""
    message = "Compare with 0"
    if isinstance(site.node, ast.Compare):
        number = site.at(site.node.comparators[0])
        return Fix(message, (Edit(number.span, "0"),), "unsafe")
    text = written.text if isinstance(written.node, _SIMPLE) else f"({written.text})"
    return Fix(message, (Edit(site.span, f"({text} > 0).float()"),), "unsafe")
