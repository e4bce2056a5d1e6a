"""What an expression evaluates to."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.misuse import bad_operand
from torchlint.analysis.notes.thresholds import thresholded
from torchlint.analysis.values.abstract import (
    NONE,
    UNKNOWN,
    Array,
    Class,
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
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import find, mode_unknown
from torchlint.analysis.values.inspection import (
    both,
    contains,
    element_of,
    known_items,
    last_of,
    may_be_none,
    of_set,
    same_thing,
    truth,
    uncounted,
)
from torchlint.analysis.values.join import join_all
from torchlint.analysis.values.origins import model_of
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS, LAST, Store
from torchlint.analysis.values.trail import MISSING

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
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.Pow: "__pow__",
    ast.MatMult: "__matmul__",
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


def _name(machine: Machine, node: ast.Name) -> Value:
    return lookup(machine, node.id)


def lookup(machine: Machine, name: str) -> Value:
    frame = machine.frame
    if not (frame.globals or frame.nonlocals) or (name not in frame.globals and name not in frame.nonlocals):
        value = frame.locals.get(name, MISSING)
        if value is not MISSING:
            return value  # type: ignore[no-any-return]
    for scope in reversed(frame.scopes):
        value = scope.get(name, MISSING)
        if value is not MISSING:
            machine.read_globals.add(name)
            return value  # type: ignore[no-any-return]
    state = machine.files.read(frame.tree.path)
    if state is not None and state.may_make(name):
        value = machine.global_value(frame.tree.path, name)
        if value is not MISSING:
            machine.read_globals.add(name)
            return value  # type: ignore[no-any-return]
    return _library(name) if name in _BUILTINS else UNKNOWN


def _attribute(machine: Machine, node: ast.Attribute) -> Value:
    value = machine.eval(node.value)
    if isinstance(value, LibraryMethod | Method):
        bad_operand(machine, value, node.value, "attribute")
    return machine.attribute(value, node.attr, node)


def _binary(machine: Machine, node: ast.BinOp) -> Value:
    left, right = machine.eval(node.left), machine.eval(node.right)
    return binary(machine, left, right, node.op, node)


def binary(machine: Machine, left: Value, right: Value, op: ast.operator, node: ast.AST) -> Value:
    match left, right:
        case Const(), Const():
            return _fold(left, right, op)
        case (Const() | Size(), Const() | Size()) if isinstance(op, _SIZE_ARITHMETIC):
            return _size(left, right, op)
        case (LibraryMethod(), _) | (_, LibraryMethod()):
            for value, operand in ((left, "left"), (right, "right")):
                bad_operand(machine, value, getattr(node, operand, node), "arithmetic")
            return _with_attributes(machine, left, right, op, node)
        case (Instance(cls=Class()), _) | (_, Instance(cls=Class())):
            return _own_arithmetic(machine, left, right, op, node)
        case (Tensor(), _) | (_, Tensor()) | (Array(), _) | (_, Array()):
            return machine.packages.arithmetic(machine, node, type(op).__name__, (left, right))
        case Tuple(), Tuple() if isinstance(op, ast.Add):
            return Tuple(left.items + right.items)
        case List(), List() if isinstance(op, ast.Add):
            return _concatenate(machine, left, right, node)
        case (List() | Tuple(), Const()) if isinstance(op, ast.Mult):
            return _repeat(machine, left, right, node)
        case Const(), (List() | Tuple()) if isinstance(op, ast.Mult):
            return _repeat(machine, right, left, node)
        case ((List() | Tuple()) as held, Unknown() | Size()) | (Unknown() | Size(), (List() | Tuple()) as held) if isinstance(op, ast.Mult):
            note_repeated(machine, known_items(held) or (), node)
            return List(uncounted((held,)), machine.site(node))
        case Instance(), _ if isinstance(op, ast.Add) and ITEMS in left.store and isinstance(right, Instance):
            return Unknown(machine.site(node))
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return Unknown(machine.site(node), "<sum>" if isinstance(op, ast.Add | ast.Sub) else "<product>", Tuple((left, right)))
    source = next((each for each in (left, right) if model_of(each) is not None), None)
    return Unknown(machine.site(node), None if source is None else "<arithmetic>", source)


def _own_arithmetic(machine: Machine, left: Value, right: Value, op: ast.operator, node: ast.AST) -> Value:
    """Arithmetic with an object of a class of the program, which says itself what comes of it."""
    own = find(left.cls, _OPERATORS.get(type(op), "")) if isinstance(left, Instance) and isinstance(left.cls, Class) else None
    if isinstance(own, Function):
        return machine.call(Method(left, own), (right,), {}, node)
    source = next((each for each in (left, right) if model_of(each) is not None), None)
    return Unknown(machine.site(node), None if source is None else "<arithmetic>", source)


def _with_attributes(machine: Machine, left: Value, right: Value, op: ast.operator, node: ast.AST) -> Value:
    """Arithmetic with an attribute of something unknown (`args.batch_size`), which may be any value."""
    known = [each.receiver for each in (left, right) if isinstance(each, LibraryMethod) and not isinstance(each.receiver, Unknown)]
    if known:
        return UNKNOWN
    operands = [machine.unknown(node) if isinstance(each, LibraryMethod) else each for each in (left, right)]
    return binary(machine, operands[0], operands[1], op, node)


def _fold(left: Const, right: Const, op: ast.operator) -> Value:
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
    if (isinstance(result, int) and abs(result) > _MOST_DIGITS) or (isinstance(result, str | bytes) and len(result) > _LONGEST):
        return UNKNOWN
    return Const(result)


def _concatenate(machine: Machine, left: List, right: List, node: ast.AST) -> Value:
    a, b = left.store.get(ITEMS), right.store.get(ITEMS)
    if a is None or b is None:
        return List({**uncounted((left, right)), LAST: last_of((left, right))}, machine.site(node))
    return List({ITEMS: a + b}, machine.site(node))


def _repeat(machine: Machine, value: List | Tuple, count: Const, node: ast.AST) -> Value:
    items = value.items if isinstance(value, Tuple) else value.store.get(ITEMS)
    if items is None or not isinstance(count.value, int):
        return List(uncounted((value,)), machine.site(node))
    if count.value > 1:
        note_repeated(machine, items, node)
    if len(items) * max(count.value, 0) > _LONGEST:
        return Iteration(join_all(list(items)))
    repeated = items * count.value
    return Tuple(repeated) if isinstance(value, Tuple) else List({ITEMS: repeated}, machine.site(node))


def _unary(machine: Machine, node: ast.UnaryOp) -> Value:
    value = machine.eval(node.operand)
    if isinstance(node.op, ast.Not):
        known = truth(value)
        return UNKNOWN if known is None else Const(not known)
    if isinstance(value, Tensor | Array):
        return machine.packages.arithmetic(machine, node, type(node.op).__name__, (value,))
    if isinstance(value, Const) and isinstance(value.value, int | float):
        if isinstance(node.op, ast.USub):
            return Const(-value.value)
        if isinstance(node.op, ast.Invert) and isinstance(value.value, int):
            return Const(~value.value)
        return value
    if isinstance(value, Size) and isinstance(node.op, ast.USub):
        return Size(-value.dim)
    return Unknown(machine.site(node))


def _boolean(machine: Machine, node: ast.BoolOp) -> Value:
    stops = isinstance(node.op, ast.Or)
    return _boolean_rest(machine, node.values, stops)


def _boolean_rest(machine: Machine, values: Sequence[ast.expr], stops: bool) -> Value:
    first = machine.eval(values[0])
    if len(values) == 1:
        return first
    known = truth(first)
    if known is not None:
        return first if known is stops else _boolean_rest(machine, values[1:], stops)
    return machine.either([lambda: first, lambda: _boolean_rest(machine, values[1:], stops)])


def _compare(machine: Machine, node: ast.Compare) -> Value:
    left = machine.eval(node.left)
    operands = [left]
    result: Value | None = None
    unfinished = isinstance(left, LibraryMethod)
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = machine.eval(comparator)
        operands.append(right)
        unfinished = unfinished or isinstance(right, LibraryMethod)
        step = _compare_pair(machine, left, right, op, node)
        if isinstance(op, ast.Gt | ast.GtE | ast.Lt | ast.LtE) and right == _HALF and len(node.ops) == 1:
            thresholded(machine, left, node.left, node)
        result = step if result is None else both(result, step)
        left = right
    if unfinished:
        _bad_comparison(machine, operands, node)
    return result if result is not None else UNKNOWN


def _bad_comparison(machine: Machine, operands: Sequence[Value], node: ast.Compare) -> None:
    """Tell of methods among what is compared that were meant to be called."""
    nodes = [node.left, *node.comparators]
    identity = isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn | ast.Eq | ast.NotEq)
    # Two tensors' methods are never equal; those of other objects may be the same one.
    if isinstance(node.ops[0], ast.Eq | ast.NotEq) and all(isinstance(each, LibraryMethod) and isinstance(each.receiver, Tensor) for each in operands):
        identity = False
    for value, operand in zip(operands, nodes, strict=True):
        if isinstance(value, LibraryMethod) and not (identity and any(isinstance(other, LibraryMethod) or other == NONE for other in operands if other is not value)):
            bad_operand(machine, value, operand, "comparison")


def _compare_pair(machine: Machine, left: Value, right: Value, op: ast.cmpop, node: ast.Compare) -> Value:
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
        return machine.packages.arithmetic(machine, node, type(op).__name__, (left, right))
    for each in (left, right):
        machine.ends(each, node)
    same = same_thing(left, right)
    if same or (same is False and isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot)):
        return Const(isinstance(op, ast.Eq | ast.Is | ast.GtE | ast.LtE) is same)
    return UNKNOWN


def _conditional(machine: Machine, node: ast.IfExp) -> Value:
    known = tested(machine, node.test)
    if known is not None:
        return machine.eval(node.body if known else node.orelse)
    return machine.either([lambda: machine.eval(node.body), lambda: machine.eval(node.orelse)], node.test)


def tested(machine: Machine, node: ast.expr) -> bool | None:
    """Evaluate a condition; whether it holds, or None."""
    value = machine.eval(node)
    if isinstance(value, LibraryMethod):
        bad_operand(machine, value, node, "condition")
    return truth(value)


def _new_list(machine: Machine, node: ast.AST) -> Callable[[tuple[Value, ...]], Value]:
    return lambda items: List({ITEMS: items, LAST: items[-1] if items else UNKNOWN}, machine.site(node))


def starred_or_one(machine: Machine, node: ast.expr) -> Value:
    """What an element of a display or an argument contributes: an iterable of its own, or one thing."""
    value = machine.eval(node)
    return value if isinstance(node, ast.Starred) else Tuple((value,))


def _sequence(machine: Machine, node: ast.Tuple | ast.List, build: Callable[[tuple[Value, ...]], Value]) -> Value:
    parts = [starred_or_one(machine, each) for each in node.elts]
    items: list[Value] = []
    for part in parts:
        known = known_items(part)
        if known is None:
            return List({**uncounted(parts), LAST: last_of(parts)}, machine.site(node))
        items.extend(known)
    return build(tuple(items))


def _set(machine: Machine, node: ast.Set) -> Value:
    parts = [starred_or_one(machine, each) for each in node.elts]
    known = [known_items(part) for part in parts]
    items = None if None in known else of_set(tuple(item for each in known for item in each or ()))
    return List(uncounted(parts) if items is None else {ITEMS: items}, machine.site(node))


def _dict(machine: Machine, node: ast.Dict) -> Value:
    entries: dict[Any, Value] | None = {}
    values: list[Value] = []
    for key, element in zip(node.keys, node.values, strict=True):
        value = machine.eval(element)
        if key is None:
            inner = value.store.get(ENTRIES) if isinstance(value, Dict) else None
            entries = None if entries is None or inner is None else {**entries, **inner}
            values.append(element_of(value))
            continue
        values.append(value)
        name = machine.eval(key)
        if entries is not None and isinstance(name, Const):
            entries[name.value] = value
        else:
            entries = None
    return Dict({ENTRIES: entries, **({ELEMENT: join_all(values)} if values else {})}, machine.site(node))


def _lambda(machine: Machine, node: ast.Lambda) -> Value:
    return Function(node, machine.frame.tree.path, visible_scopes(machine), defaults(machine, node.args))


def visible_scopes(machine: Machine) -> tuple[Store, ...]:
    """The scopes that a function defined here sees; a class's body is none of them."""
    frame = machine.frame
    return frame.scopes if frame.class_body else (*frame.scopes, frame.locals)


def defaults(machine: Machine, arguments: ast.arguments) -> dict[str, Value]:
    positional = [*arguments.posonlyargs, *arguments.args]
    values = {
        each.arg: machine.eval(default)
        for each, default in zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)
    }
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            values[each.arg] = machine.eval(default)
    for value in values.values():
        # One object for all calls: each of them may leave it in another mode.
        mode_unknown(machine.trail, value)
    return values


def _text(machine: Machine, node: ast.JoinedStr) -> Value:
    parts: list[str] = []
    known = True
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = machine.eval(part.value)
            plain = isinstance(value, Const) and part.format_spec is None and part.conversion == -1
            known = known and plain
            parts.append(str(value.value) if isinstance(value, Const) and plain else "")
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return Const("".join(parts)) if known and sum(map(len, parts)) <= _LONGEST else Unknown(machine.site(node))


def _walrus(machine: Machine, node: ast.NamedExpr) -> Value:
    value = machine.eval(node.value)
    machine.assign(node.target, value)
    return value


def _yield(machine: Machine, node: ast.Yield) -> Value:
    value = machine.eval(node.value) if node.value else NONE
    machine.frame.yields.append((value, machine.grad))
    return UNKNOWN


def _yield_from(machine: Machine, node: ast.YieldFrom) -> Value:
    machine.frame.yields.append((element_of(machine.eval(node.value)), machine.grad))
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


def note_repeated(machine: Machine, items: Sequence[Value], node: ast.AST) -> None:
    """Note layers that stand several times in one list."""
    for each in items:
        if isinstance(each, Instance):
            machine.unit.pending.repeated.setdefault(id(each.store), (machine.site(node), each))


# What evaluates each kind of expression but calls, subscripts and comprehensions.
EXPRESSIONS: dict[type[ast.AST], Callable[[Machine, Any], Value]] = {
    ast.Constant: lambda machine, node: Const(node.value),
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.Tuple: lambda machine, node: _sequence(machine, node, Tuple),
    ast.List: lambda machine, node: _sequence(machine, node, _new_list(machine, node)),
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Lambda: _lambda,
    ast.JoinedStr: _text,
    ast.NamedExpr: _walrus,
    ast.Starred: lambda machine, node: machine.eval(node.value),
    ast.Await: lambda machine, node: machine.eval(node.value),
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}
