"""What an expression evaluates to."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from torchlint.semantics.comprehensions import Comprehensions
from torchlint.semantics.inspection import (
    both,
    contains,
    element_of,
    known_items,
    last_of,
    may_be_none,
    same_thing,
    truth,
    uncounted,
)
from torchlint.semantics.join import join_all
from torchlint.semantics.origins import model_of
from torchlint.semantics.trail import MISSING
from torchlint.semantics.values import (
    LAST,
    NONE,
    UNKNOWN,
    Array,
    Const,
    Dict,
    Function,
    Instance,
    Iteration,
    Library,
    LibraryMethod,
    List,
    Method,
    Size,
    Store,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

_BUILTINS = frozenset(dir(builtins))
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: lambda a, b: a is b or (a == b and type(a) is type(b)),
    ast.IsNot: lambda a, b: not (a is b or (a == b and type(a) is type(b))),
}
_SIZE_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)
# Results beyond these are of no use to a rule and can cost any amount of time and memory.
_MOST_DIGITS = 10**18
_LONGEST = 4096
_HALF = Const(0.5)


@cache
def _library(name: str) -> Library:
    """What is built in under a name."""
    return Library(f"builtins.{name}")


class Expressions(Comprehensions):
    """Evaluation of every kind of expression but calls and attributes."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._evaluators: dict[type[ast.AST], Callable[[Any], Value]] = {
            ast.Attribute: self._attribute,
            ast.Call: self.call_expression,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare,
            ast.IfExp: self._conditional,
            ast.Tuple: lambda node: self._sequence(node, Tuple),
            ast.List: lambda node: self._sequence(node, self._new_list(node)),
            ast.Set: self._set,
            ast.Dict: self._dict,
            ast.Subscript: self._subscript,
            ast.Lambda: self._lambda,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._dict_comprehension,
            ast.JoinedStr: self._text,
            ast.NamedExpr: self._walrus,
            ast.Starred: lambda node: self.eval(node.value),
            ast.Await: lambda node: self.eval(node.value),
            ast.Yield: self._yield,
            ast.YieldFrom: self._yield_from,
        }

    def call_expression(self, node: ast.Call) -> Value:
        raise NotImplementedError

    def subscript_of(self, value: Value, node: ast.Subscript) -> Value:
        raise NotImplementedError

    def tensor_arithmetic(self, node: ast.AST, operation: str, operands: Sequence[Value]) -> Value:
        raise NotImplementedError

    def bad_operand(self, value: Value, node: ast.AST, use: str) -> None:
        """Called where a method is used as if it were a value."""

    def eval(self, node: ast.expr) -> Value:
        kind = type(node)
        if kind is ast.Name:
            return self.lookup(node.id)  # type: ignore[attr-defined]
        if kind is ast.Constant:
            return Const(node.value)  # type: ignore[attr-defined]
        evaluate = self._evaluators.get(kind)
        return evaluate(node) if evaluate else UNKNOWN

    def lookup(self, name: str) -> Value:
        frame = self.frame
        if not (frame.globals or frame.nonlocals) or (name not in frame.globals and name not in frame.nonlocals):
            value = frame.locals.get(name, MISSING)
            if value is not MISSING:
                return value  # type: ignore[no-any-return]
        for scope in reversed(frame.scopes):
            value = scope.get(name, MISSING)
            if value is not MISSING:
                self.read_globals.add(name)
                return value  # type: ignore[no-any-return]
        if name in _BUILTINS:
            return _library(name)
        return UNKNOWN

    def _attribute(self, node: ast.Attribute) -> Value:
        value = self.eval(node.value)
        if isinstance(value, LibraryMethod | Method):
            self.bad_operand(value, node.value, "attribute")
        return self.attribute(value, node.attr, node)

    def _binary(self, node: ast.BinOp) -> Value:
        left, right = self.eval(node.left), self.eval(node.right)
        return self.binary(left, right, node.op, node)

    def binary(self, left: Value, right: Value, op: ast.operator, node: ast.AST) -> Value:
        match left, right:
            case Const(), Const():
                return self._fold(left, right, op)
            case (Const() | Size(), Const() | Size()) if isinstance(op, _SIZE_ARITHMETIC):
                return _size(left, right, op)
            case (LibraryMethod(), _) | (_, LibraryMethod()):
                for value, operand in ((left, "left"), (right, "right")):
                    self.bad_operand(value, getattr(node, operand, node), "arithmetic")
                return self._with_attributes(left, right, op, node)
            case (Tensor(), _) | (_, Tensor()) | (Array(), _) | (_, Array()):
                return self.tensor_arithmetic(node, type(op).__name__, (left, right))
            case Tuple(), Tuple() if isinstance(op, ast.Add):
                return Tuple(left.items + right.items)
            case List(), List() if isinstance(op, ast.Add):
                return self._concatenate(left, right, node)
            case (List() | Tuple(), Const()) if isinstance(op, ast.Mult):
                return self._repeat(left, right, node)
            case Const(), (List() | Tuple()) if isinstance(op, ast.Mult):
                return self._repeat(right, left, node)
            case ((List() | Tuple()) as held, Unknown() | Size()) | (Unknown() | Size(), (List() | Tuple()) as held) if isinstance(op, ast.Mult):
                self.note_repeated(known_items(held) or (), node)
                return List(uncounted((held,)), self.site(node))
            case Instance(), _ if isinstance(op, ast.Add) and "items" in left.store and isinstance(right, Instance):
                return Unknown(self.site(node))
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Unknown(self.site(node), "<sum>" if isinstance(op, ast.Add | ast.Sub) else "<product>", Tuple((left, right)))
        source = next((each for each in (left, right) if model_of(each) is not None), None)
        return Unknown(self.site(node), None if source is None else "<arithmetic>", source)

    def _with_attributes(self, left: Value, right: Value, op: ast.operator, node: ast.AST) -> Value:
        """Arithmetic with an attribute of something unknown (`args.batch_size`), which may be any value."""
        known = [each.receiver for each in (left, right) if isinstance(each, LibraryMethod) and not isinstance(each.receiver, Unknown)]
        if known:
            return UNKNOWN
        operands = [self.unknown(node) if isinstance(each, LibraryMethod) else each for each in (left, right)]
        return self.binary(operands[0], operands[1], op, node)

    def _fold(self, left: Const, right: Const, op: ast.operator) -> Value:
        function = _ARITHMETIC.get(type(op))
        a, b = left.value, right.value
        if function is None or (isinstance(a, str | bytes) and isinstance(op, ast.Mod)):
            return UNKNOWN
        if isinstance(op, ast.Pow | ast.LShift | ast.RShift) and not (isinstance(b, int | float) and abs(b) < 64):
            return UNKNOWN
        if isinstance(op, ast.Mult) and (isinstance(a, str | bytes) or isinstance(b, str | bytes)):
            return UNKNOWN
        try:
            result = function(a, b)
        except (ArithmeticError, TypeError, ValueError):
            return UNKNOWN
        if isinstance(result, int) and abs(result) > _MOST_DIGITS:
            return UNKNOWN
        return Const(result)

    def _concatenate(self, left: List, right: List, node: ast.AST) -> Value:
        a, b = left.store.get("items"), right.store.get("items")
        if a is None or b is None:
            return List({**uncounted((left, right)), LAST: last_of((left, right))}, self.site(node))
        return List({"items": a + b}, self.site(node))

    def _repeat(self, value: List | Tuple, count: Const, node: ast.AST) -> Value:
        items = value.items if isinstance(value, Tuple) else value.store.get("items")
        if items is None or not isinstance(count.value, int):
            return List(uncounted((value,)), self.site(node))
        if count.value > 1:
            self.note_repeated(items, node)
        if len(items) * max(count.value, 0) > _LONGEST:
            return Iteration(join_all(list(items)))
        repeated = items * count.value
        return Tuple(repeated) if isinstance(value, Tuple) else List({"items": repeated}, self.site(node))

    def _unary(self, node: ast.UnaryOp) -> Value:
        value = self.eval(node.operand)
        if isinstance(node.op, ast.Not):
            known = truth(value)
            return UNKNOWN if known is None else Const(not known)
        if isinstance(value, Tensor | Array):
            return self.tensor_arithmetic(node, type(node.op).__name__, (value,))
        if isinstance(value, Const) and isinstance(value.value, int | float):
            if isinstance(node.op, ast.USub):
                return Const(-value.value)
            if isinstance(node.op, ast.Invert) and isinstance(value.value, int):
                return Const(~value.value)
            return value
        if isinstance(value, Size) and isinstance(node.op, ast.USub):
            return Size(-value.dim)
        return Unknown(self.site(node))

    def _boolean(self, node: ast.BoolOp) -> Value:
        stops = isinstance(node.op, ast.Or)
        return self._boolean_rest(node.values, stops)

    def _boolean_rest(self, values: Sequence[ast.expr], stops: bool) -> Value:
        first = self.eval(values[0])
        if len(values) == 1:
            return first
        known = truth(first)
        if known is not None:
            return first if known is stops else self._boolean_rest(values[1:], stops)
        return self.either([lambda: first, lambda: self._boolean_rest(values[1:], stops)])

    def _compare(self, node: ast.Compare) -> Value:
        left = self.eval(node.left)
        operands = [left]
        result: Value | None = None
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.eval(comparator)
            operands.append(right)
            step = self._compare_pair(left, right, op, node)
            if isinstance(op, ast.Gt | ast.GtE | ast.Lt | ast.LtE) and right == _HALF and len(node.ops) == 1:
                self.thresholded(left, node.left, node)
            result = step if result is None else both(result, step)
            left = right
        if any(isinstance(each, LibraryMethod) for each in operands):
            self._bad_comparison(operands, node)
        return result if result is not None else UNKNOWN

    def _bad_comparison(self, operands: Sequence[Value], node: ast.Compare) -> None:
        """Tell of methods among what is compared that were meant to be called."""
        nodes = [node.left, *node.comparators]
        identity = isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn | ast.Eq | ast.NotEq)
        # Two tensors' methods are never equal; those of other objects may be the same one.
        if isinstance(node.ops[0], ast.Eq | ast.NotEq) and all(isinstance(each, LibraryMethod) and isinstance(each.receiver, Tensor) for each in operands):
            identity = False
        for value, operand in zip(operands, nodes, strict=True):
            if isinstance(value, LibraryMethod) and not (identity and any(isinstance(other, LibraryMethod) or other == NONE for other in operands if other is not value)):
                self.bad_operand(value, operand, "comparison")

    def _compare_pair(self, left: Value, right: Value, op: ast.cmpop, node: ast.Compare) -> Value:
        if isinstance(op, ast.Is | ast.IsNot) and NONE in (left, right):
            other = right if left == NONE else left
            known = other == NONE if isinstance(other, Const) else (None if may_be_none(other) else False)
            if known is None:
                return UNKNOWN
            return Const(known is isinstance(op, ast.Is))
        if isinstance(left, Const) and isinstance(right, Const):
            try:
                return Const(bool(_COMPARISONS[type(op)](left.value, right.value)))
            except TypeError:
                return UNKNOWN
        if isinstance(left, Tuple) and isinstance(right, Tuple) and isinstance(op, ast.Eq | ast.NotEq) and all(isinstance(each, Const) for each in (*left.items, *right.items)):
            return Const((left.items == right.items) is isinstance(op, ast.Eq))
        if isinstance(op, ast.In | ast.NotIn):
            return contains(left, right, isinstance(op, ast.In))
        if isinstance(left, Tensor | Array) or isinstance(right, Tensor | Array):
            if isinstance(op, ast.Is | ast.IsNot):
                return UNKNOWN
            return self.tensor_arithmetic(node, type(op).__name__, (left, right))
        for each in (left, right):
            self.ends(each, node)
        same = same_thing(left, right)
        if same or (same is False and isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot)):
            return Const(isinstance(op, ast.Eq | ast.Is | ast.GtE | ast.LtE) is same)
        return UNKNOWN

    def _conditional(self, node: ast.IfExp) -> Value:
        known = self.test(node.test)
        if known is not None:
            return self.eval(node.body if known else node.orelse)
        return self.either([lambda: self.eval(node.body), lambda: self.eval(node.orelse)], node.test)

    def test(self, node: ast.expr) -> bool | None:
        """Evaluate a condition; whether it holds, or None."""
        value = self.eval(node)
        if isinstance(value, LibraryMethod):
            self.bad_operand(value, node, "condition")
        return truth(value)

    def _new_list(self, node: ast.AST) -> Callable[[tuple[Value, ...]], Value]:
        return lambda items: List({"items": items, LAST: items[-1] if items else UNKNOWN}, self.site(node))

    def starred_or_one(self, node: ast.expr) -> Value:
        """What an element of a display or an argument contributes: an iterable of its own, or one thing."""
        value = self.eval(node)
        return value if isinstance(node, ast.Starred) else Tuple((value,))

    def _sequence(self, node: ast.Tuple | ast.List, build: Callable[[tuple[Value, ...]], Value]) -> Value:
        parts = [self.starred_or_one(each) for each in node.elts]
        items: list[Value] = []
        for part in parts:
            known = known_items(part)
            if known is None:
                return List({**uncounted(parts), LAST: last_of(parts)}, self.site(node))
            items.extend(known)
        return build(tuple(items))

    def _set(self, node: ast.Set) -> Value:
        return List({"items": tuple(self.eval(element) for element in node.elts)}, self.site(node))

    def _dict(self, node: ast.Dict) -> Value:
        entries: dict[Any, Value] | None = {}
        values: list[Value] = []
        for key, element in zip(node.keys, node.values, strict=True):
            value = self.eval(element)
            if key is None:
                inner = value.store.get("entries") if isinstance(value, Dict) else None
                entries = None if entries is None or inner is None else {**entries, **inner}
                values.append(element_of(value))
                continue
            values.append(value)
            name = self.eval(key)
            if entries is not None and isinstance(name, Const):
                entries[name.value] = value
            else:
                entries = None
        return Dict({"entries": entries, **({"element": join_all(values)} if values else {})}, self.site(node))

    def _subscript(self, node: ast.Subscript) -> Value:
        value = self.eval(node.value)
        if isinstance(value, LibraryMethod | Method):
            self.bad_operand(value, node, "subscript")
        return self.subscript_of(value, node)

    def _lambda(self, node: ast.Lambda) -> Value:
        return Function(node, self.frame.tree.path, self.visible_scopes(), self.defaults(node.args))

    def visible_scopes(self) -> tuple[Store, ...]:
        """The scopes that a function defined here sees; a class's body is none of them."""
        frame = self.frame
        return frame.scopes if frame.class_body else (*frame.scopes, frame.locals)

    def defaults(self, arguments: ast.arguments) -> dict[str, Value]:
        positional = [*arguments.posonlyargs, *arguments.args]
        values = {
            each.arg: self.eval(default)
            for each, default in zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)
        }
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                values[each.arg] = self.eval(default)
        return values

    def _text(self, node: ast.JoinedStr) -> Value:
        parts: list[str] = []
        known = True
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                value = self.eval(part.value)
                plain = isinstance(value, Const) and part.format_spec is None and part.conversion == -1
                known = known and plain
                parts.append(str(value.value) if isinstance(value, Const) and plain else "")
            elif isinstance(part, ast.Constant):
                parts.append(str(part.value))
        return Const("".join(parts)) if known else Unknown(self.site(node))

    def _walrus(self, node: ast.NamedExpr) -> Value:
        value = self.eval(node.value)
        self.assign(node.target, value)
        return value

    def _yield(self, node: ast.Yield) -> Value:
        value = self.eval(node.value) if node.value else NONE
        self.frame.yields.append((value, self.grad))
        return UNKNOWN

    def _yield_from(self, node: ast.YieldFrom) -> Value:
        self.frame.yields.append((element_of(self.eval(node.value)), self.grad))
        return UNKNOWN


def _size(left: Value, right: Value, op: ast.operator) -> Value:
    a = left.dim if isinstance(left, Size) else getattr(left, "value", None)
    b = right.dim if isinstance(right, Size) else getattr(right, "value", None)
    if isinstance(a, bool | float | str) or isinstance(b, bool | float | str) or a is None or b is None:
        return UNKNOWN
    try:
        result = _ARITHMETIC[type(op)](a, b)
    except (ArithmeticError, TypeError):
        return UNKNOWN
    return UNKNOWN if result is None else Const(result) if isinstance(result, int) else Size(result)
