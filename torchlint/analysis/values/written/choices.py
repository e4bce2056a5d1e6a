"""Choices that hang together: a criterion picked by `self.loss == "ce"` is not the one that is called where `self.loss == "nll"`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

from torchlint.analysis.values.abstract import Frame, Instance, Value
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.guards import statements_before, way

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
Constants: TypeAlias = frozenset[str | int | bool | None]


@immutable
class Known:
    """That a variable is one of some constants, or (not `holds`) none of them; of no constants: that it counts as true, or does not.

    The variable goes by its last name: `mode`, `self.mode` and `config["mode"]` are one.
    """

    name: str
    constants: Constants
    holds: bool

    def excludes(self, other: Known) -> bool:
        """Whether this cannot be where the other is, if the two are of one variable."""
        if not self.constants or not other.constants:
            return self.constants == other.constants and self.holds != other.holds
        if self.holds and other.holds:
            return self.constants.isdisjoint(other.constants)
        if self.holds != other.holds:
            positive, negative = (self, other) if self.holds else (other, self)
            return positive.constants <= negative.constants
        return False


def possible(alternatives: Sequence[Value], frame: Frame, site: Site) -> tuple[Value, ...]:
    """Those of several values that can be meant at a place, by the conditions that they were made under and those that hold there."""
    here = list(_known_on_way(frame, site))
    made = [list(_known_on_way(each.made_in, each.site)) if isinstance(each, Instance) and each.made_in is not None and each.site is not None else [] for each in alternatives]
    if not here or not any(made):
        return tuple(alternatives)
    links = _links(here, [known for each in made for known in each])
    kept = [each for each, known in zip(alternatives, made, strict=True) if not _contradicted(known, here, links)]
    return tuple(kept) or tuple(alternatives)


def _contradicted(made: Iterable[Known], here: Sequence[Known], links: frozenset[tuple[str, str]]) -> bool:
    return any(one.excludes(other) for one in made for other in here if one.name == other.name or (one.name, other.name) in links)


def _links(here: Sequence[Known], made: Sequence[Known]) -> frozenset[tuple[str, str]]:
    """Names of one choice where it was made and where it is used: both are compared with the same words."""
    return frozenset((one.name, other.name) for one in made for other in here if any(isinstance(each, str) for each in one.constants & other.constants))


def _known_on_way(frame: Frame, site: Site) -> Iterator[Known]:
    for _, place in way(frame, site):
        yield from _known_at(place)


def _known_at(site: Site) -> Iterator[Known]:
    """What the tests in the function around a place say, for it to be reached."""
    node: ast.AST = site.node
    while not isinstance(node, _FUNCTIONS):
        parent = site.tree.parent(node)
        if parent is None:
            return
        match parent:
            case ast.If(test=test, body=body) if node is not test:
                yield from told(test, node in body)
            case ast.IfExp(test=test, body=taken) if node is not test:
                yield from told(test, node is taken)
        if isinstance(node, ast.stmt):
            for earlier in statements_before(parent, node):
                if isinstance(earlier, ast.If) and (_leaves(earlier.body) or _leaves(earlier.orelse)):
                    yield from told(earlier.test, not _leaves(earlier.body))
        node = parent


def _leaves(block: Sequence[ast.stmt]) -> bool:
    """Whether control does not come out of a block."""
    last = block[-1] if block else None
    if isinstance(last, ast.If):
        return _leaves(last.body) and _leaves(last.orelse)
    return isinstance(last, _ENDS)


@lru_cache(maxsize=4096)
def told(test: ast.expr, holds: bool) -> tuple[Known, ...]:
    """What a condition says of variables where it holds, or does not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return told(operand, not holds)
        case ast.BoolOp(op=op, values=values) if isinstance(op, ast.And) is holds:
            return tuple(known for each in values for known in told(each, holds))
        case ast.BoolOp(op=ast.Or(), values=values):
            return _one_of(values)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if (name := _name(left)) is not None:
            constants = _constants(right)
            positive = isinstance(op, ast.Eq | ast.Is | ast.In)
            if constants is None or not isinstance(op, ast.Eq | ast.Is | ast.In | ast.NotEq | ast.IsNot | ast.NotIn):
                return ()
            if constants in (frozenset({True}), frozenset({False})):
                return (Known(name, frozenset(), (True in constants) is (positive is holds)),)
            return (Known(name, constants, positive is holds),)
    name = _name(test)
    return (Known(name, frozenset(), holds),) if name is not None else ()


def _one_of(values: Sequence[ast.expr]) -> tuple[Known, ...]:
    """`mode == "a" or mode == "b"`: one of the constants."""
    each = [told(value, True) for value in values]
    known = [one[0] for one in each if len(one) == 1]
    if len(known) < len(values) or len({one.name for one in known}) > 1 or not all(one.holds and one.constants for one in known):
        return ()
    return (Known(known[0].name, frozenset[str | int | bool | None]().union(*(one.constants for one in known)), True),)


def _name(node: ast.expr) -> str | None:
    """The last name of a variable, an attribute, or an item under a word."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
            return name
        case ast.Call(func=ast.Attribute(attr="lower" | "upper" | "strip", value=inner), args=[]):
            return _name(inner)
    return None


def _constants(node: ast.expr) -> Constants | None:
    match node:
        case ast.Constant(value=(str() | int() | None) as value):
            return frozenset({value})
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements) if elements and all(isinstance(each, ast.Constant) for each in elements):
            return frozenset(each.value for each in elements if isinstance(each, ast.Constant) and isinstance(each.value, str | int | None))
        case ast.Attribute(attr=name) | ast.Name(id=name) if name.isupper():
            return frozenset({name})
    return None
