"""libcst's expressions as those of `ast`."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from torchlint.syntax.newer.spans import Spans

_BINARY: dict[str, type[ast.operator]] = {
    "Add": ast.Add,
    "BitAnd": ast.BitAnd,
    "BitOr": ast.BitOr,
    "BitXor": ast.BitXor,
    "Divide": ast.Div,
    "FloorDivide": ast.FloorDiv,
    "LeftShift": ast.LShift,
    "MatrixMultiply": ast.MatMult,
    "Modulo": ast.Mod,
    "Multiply": ast.Mult,
    "Power": ast.Pow,
    "RightShift": ast.RShift,
    "Subtract": ast.Sub,
}
_UNARY: dict[str, type[ast.unaryop]] = {
    "BitInvert": ast.Invert,
    "Minus": ast.USub,
    "Not": ast.Not,
    "Plus": ast.UAdd,
}
_COMPARE: dict[str, type[ast.cmpop]] = {
    "Equal": ast.Eq,
    "GreaterThan": ast.Gt,
    "GreaterThanEqual": ast.GtE,
    "In": ast.In,
    "Is": ast.Is,
    "IsNot": ast.IsNot,
    "LessThan": ast.Lt,
    "LessThanEqual": ast.LtE,
    "NotEqual": ast.NotEq,
    "NotIn": ast.NotIn,
}
_CONSTANTS = {"True": True, "False": False, "None": None}


def identifier(name: str) -> str:
    """A name as Python compares it."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def operator(node: cst.CSTNode) -> ast.operator:
    """The operator of a binary operation or of an augmented assignment."""
    return _BINARY[type(node).__name__.removesuffix("Assign")]()


class Expressions:
    """Converts expressions; a method is named for the libcst node that it takes."""

    def __init__(self, spans: Spans) -> None:
        self.spans = spans

    def expression(self, node: cst.CSTNode, context: ast.expr_context | None = None) -> Any:
        """The `ast` expression for a libcst one; `context` is Load where it is not given."""
        method: Callable[..., ast.expr] = getattr(self, type(node).__name__)
        made = method(node) if context is None else method(node, context)
        return made if hasattr(made, "lineno") else self.spans.place(made, *self._ends(node))

    def expressions(self, nodes: Sequence[cst.CSTNode]) -> list[Any]:
        return [self.expression(node) for node in nodes]

    def maybe(self, node: cst.CSTNode | None) -> Any:
        return None if node is None else self.expression(node)

    def _ends(self, node: cst.CSTNode) -> tuple[int, int]:
        return self.spans.start(node), self.spans.end(node)

    # Names and literals

    def Name(self, node: cst.Name, context: ast.expr_context | None = None) -> ast.expr:
        if node.value in _CONSTANTS:
            return ast.Constant(_CONSTANTS[node.value])
        return ast.Name(identifier(node.value), context or ast.Load())

    def Attribute(self, node: cst.Attribute, context: ast.expr_context | None = None) -> ast.expr:
        return ast.Attribute(self.expression(node.value), identifier(node.attr.value), context or ast.Load())

    def Ellipsis(self, node: cst.Ellipsis) -> ast.expr:
        return ast.Constant(...)

    def _number(self, node: cst.BaseNumber) -> ast.expr:
        return ast.Constant(ast.literal_eval(node.value))  # type: ignore[attr-defined]

    Integer = Float = Imaginary = _number

    # Operations

    def UnaryOperation(self, node: cst.UnaryOperation) -> ast.expr:
        return ast.UnaryOp(_UNARY[type(node.operator).__name__](), self.expression(node.expression))

    def BinaryOperation(self, node: cst.BinaryOperation) -> ast.expr:
        return ast.BinOp(self.expression(node.left), operator(node.operator), self.expression(node.right))

    def BooleanOperation(self, node: cst.BooleanOperation) -> ast.expr:
        kind = type(node.operator)
        values = [node.right]
        left = node.left
        while isinstance(left, cst.BooleanOperation) and isinstance(left.operator, kind) and not left.lpar:
            values.append(left.right)
            left = left.left
        values.append(left)
        return ast.BoolOp(ast.And() if kind is cst.And else ast.Or(), self.expressions(values[::-1]))

    def Comparison(self, node: cst.Comparison) -> ast.expr:
        return ast.Compare(
            self.expression(node.left),
            [_COMPARE[type(each.operator).__name__]() for each in node.comparisons],
            [self.expression(each.comparator) for each in node.comparisons],
        )

    def NamedExpr(self, node: cst.NamedExpr) -> ast.expr:
        return ast.NamedExpr(self.expression(node.target, ast.Store()), self.expression(node.value))

    def IfExp(self, node: cst.IfExp) -> ast.expr:
        return ast.IfExp(self.expression(node.test), self.expression(node.body), self.expression(node.orelse))

    def Await(self, node: cst.Await) -> ast.expr:
        return ast.Await(self.expression(node.expression))

    def Yield(self, node: cst.Yield) -> ast.expr:
        if isinstance(node.value, cst.From):
            return ast.YieldFrom(self.expression(node.value.item))
        return ast.Yield(self.maybe(node.value))

    # Containers

    def Element(self, node: cst.Element, context: ast.expr_context | None = None) -> ast.expr:
        made: ast.expr = self.expression(node.value, context)
        return made

    def StarredElement(self, node: cst.StarredElement, context: ast.expr_context | None = None) -> ast.expr:
        return self._starred(self.spans.start(node), node.value, context)

    def _starred(self, start: int, value: cst.CSTNode, context: ast.expr_context | None = None) -> ast.expr:
        made = ast.Starred(self.expression(value, context), context or ast.Load())
        return self.spans.place(made, start, self.spans.outer_end(value))

    def List(self, node: cst.List, context: ast.expr_context | None = None) -> ast.expr:
        return ast.List([self.expression(each, context) for each in node.elements], context or ast.Load())

    def Tuple(self, node: cst.Tuple, context: ast.expr_context | None = None) -> ast.expr:
        made = ast.Tuple([self.expression(each, context) for each in node.elements], context or ast.Load())
        if node.lpar:
            return self.spans.place(made, self.spans.start(node.lpar[-1]), self.spans.end(node.rpar[0]))
        start, end = self._element_start(node.elements[0]), self._element_end(node.elements[-1])
        return self.spans.place(made, start, end)

    def _element_start(self, node: Any) -> int:
        starred = isinstance(node, cst.StarredElement) or getattr(node, "star", None)
        return self.spans.start(node) if starred else self.spans.outer_start(node.value)

    def _element_end(self, node: Any) -> int:
        end = self.spans.outer_end(node.value)
        return self._after_comma(node, end)

    def _after_comma(self, node: Any, end: int) -> int:
        return self.spans.skip(end) + 1 if isinstance(node.comma, cst.Comma) else end

    def Set(self, node: cst.Set) -> ast.expr:
        return ast.Set(self.expressions(node.elements))

    def Dict(self, node: cst.Dict) -> ast.expr:
        keys = [self.maybe(getattr(each, "key", None)) for each in node.elements]
        return ast.Dict(keys, [self.expression(each.value) for each in node.elements])

    # Comprehensions

    def GeneratorExp(self, node: cst.GeneratorExp) -> ast.expr:
        made = ast.GeneratorExp(self.expression(node.elt), self._generators(node.for_in))
        if not node.lpar:
            return made
        return self.spans.place(made, self.spans.start(node.lpar[-1]), self.spans.end(node.rpar[0]))

    def ListComp(self, node: cst.ListComp) -> ast.expr:
        return ast.ListComp(self.expression(node.elt), self._generators(node.for_in))

    def SetComp(self, node: cst.SetComp) -> ast.expr:
        return ast.SetComp(self.expression(node.elt), self._generators(node.for_in))

    def DictComp(self, node: cst.DictComp) -> ast.expr:
        return ast.DictComp(
            self.expression(node.key), self.expression(node.value), self._generators(node.for_in)
        )

    def StarredDictComp(self, node: Any) -> ast.expr:
        # What is unpacked has no key of its own; a set of it is the nearest.
        return ast.SetComp(self.expression(node.value), self._generators(node.for_in))

    def _generators(self, node: cst.CompFor | None) -> list[ast.comprehension]:
        made: list[ast.comprehension] = []
        while node is not None:
            made.append(
                ast.comprehension(
                    self.expression(node.target, ast.Store()),
                    self.expression(node.iter),
                    [self.expression(each.test) for each in node.ifs],
                    int(node.asynchronous is not None),
                )
            )
            node = node.inner_for_in
        return made

    # Subscripts

    def Subscript(self, node: cst.Subscript, context: ast.expr_context | None = None) -> ast.expr:
        items = [self._subscript_item(each.slice) for each in node.slice]
        index, last = items[0], node.slice[-1]
        if len(items) > 1 or isinstance(last.comma, cst.Comma) or isinstance(index, ast.Starred):
            start, end = self._slice_start(node.slice[0].slice), self._slice_end(last.slice)
            index = self.spans.place(ast.Tuple(items, ast.Load()), start, self._after_comma(last, end))
        return ast.Subscript(self.expression(node.value), index, context or ast.Load())

    def _subscript_item(self, node: Any) -> Any:
        if isinstance(node, cst.Slice):
            made = ast.Slice(self.maybe(node.lower), self.maybe(node.upper), self.maybe(node.step))
            return self.spans.place(made, self._slice_start(node), self._slice_end(node))
        if node.star:
            return self._starred(self.spans.start(node), node.value)
        return self.expression(node.value)

    def _slice_start(self, node: Any) -> int:
        if isinstance(node, cst.Index):
            return self._element_start(node)
        return self.spans.outer_start(node.lower) if node.lower else self.spans.start(node.first_colon)

    def _slice_end(self, node: Any) -> int:
        if isinstance(node, cst.Index):
            return self.spans.outer_end(node.value)
        if node.step:
            return self.spans.outer_end(node.step)
        if isinstance(node.second_colon, cst.Colon):
            return self.spans.end(node.second_colon)
        return self.spans.outer_end(node.upper) if node.upper else self.spans.end(node.first_colon)

    # Calls and functions

    def Call(self, node: cst.Call) -> ast.expr:
        args, keywords = self.arguments(node.args)
        if (
            len(args) == 1
            and isinstance(node.args[0].value, cst.GeneratorExp)
            and not node.args[0].value.lpar
        ):
            # A generator that is the only argument has the call's parentheses.
            self.spans.place(args[0], self.spans.skip(self.spans.outer_end(node.func)), self.spans.end(node))
        return ast.Call(self.expression(node.func), args, keywords)

    def arguments(self, nodes: Sequence[cst.Arg]) -> tuple[list[ast.expr], list[ast.keyword]]:
        """The positional and the keyword arguments of a call, or of a class."""
        args: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        for each in nodes:
            start = self.spans.start(each)
            if each.star == "*":
                args.append(self._starred(start, each.value))
            elif each.star or each.keyword:
                name = identifier(each.keyword.value) if each.keyword else None
                made = ast.keyword(name, self.expression(each.value))
                keywords.append(self.spans.place(made, start, self.spans.outer_end(each.value)))
            else:
                args.append(self.expression(each.value))
        return args, keywords

    def Lambda(self, node: cst.Lambda) -> ast.expr:
        return ast.Lambda(self.parameters(node.params), self.expression(node.body))

    def parameters(self, node: cst.Parameters) -> ast.arguments:
        """The parameters of a function."""
        positional = [*node.posonly_params, *node.params]
        return ast.arguments(
            posonlyargs=[self._parameter(each) for each in node.posonly_params],
            args=[self._parameter(each) for each in node.params],
            vararg=self._parameter(node.star_arg) if isinstance(node.star_arg, cst.Param) else None,
            kwonlyargs=[self._parameter(each) for each in node.kwonly_params],
            kw_defaults=[self.maybe(each.default) for each in node.kwonly_params],
            kwarg=self._parameter(node.star_kwarg) if node.star_kwarg else None,
            defaults=[self.expression(each.default) for each in positional if each.default],
        )

    def _parameter(self, node: cst.Param) -> ast.arg:
        annotation = node.annotation.annotation if node.annotation else None
        made = ast.arg(identifier(node.name.value), self.maybe(annotation))
        last: Any = (
            annotation.value if isinstance(annotation, cst.StarredElement) else annotation or node.name
        )
        return self.spans.place(made, self.spans.start(node.name), self.spans.outer_end(last))
