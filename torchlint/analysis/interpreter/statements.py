"""What statements do: bind names, branch, loop, guard, define."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from torchlint.analysis.facts.autograd_functions import ReturnStatement
from torchlint.analysis.facts.intent import meant_as_call
from torchlint.analysis.facts.statements import Assignment, AugmentedAssignment, Statement
from torchlint.analysis.interpreter.expressions import binary, defaults, lookup, tested, visible_scopes
from torchlint.analysis.interpreter.functions import leave_with
from torchlint.analysis.interpreter.loops import (
    is_last_round,
    leaves,
)
from torchlint.analysis.interpreter.subscripts import index_of
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.accumulation import gather
from torchlint.analysis.notes.misuse import bad_operand
from torchlint.analysis.notes.passes import note_passes
from torchlint.analysis.values.abstract import (
    NONE,
    UNKNOWN,
    Class,
    Const,
    Dict,
    Frame,
    Function,
    Instance,
    Library,
    LibraryMethod,
    List,
    Method,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
    each_of,
)
from torchlint.analysis.values.checkpoints import is_state
from torchlint.analysis.values.classes import accessor, method_kind
from torchlint.analysis.values.extent import within_bounds
from torchlint.analysis.values.inspection import element_of, known_items
from torchlint.analysis.values.join import join_all, present
from torchlint.analysis.values.store import ITEMS


def assign(machine: Machine, target: ast.expr, value: Value) -> None:
    value = within_bounds(value, machine.frame, target)
    match target:
        case ast.Name():
            if isinstance(value, machine.wanted_values.get(Assignment, ())):
                before = machine.frame.locals.get(target.id)
                machine.emit(Assignment(machine.site(target), machine.frame, machine.grad, target.id, value, before))
            machine.bind_name(target.id, value)
        case ast.Attribute():
            machine.packages.set_attribute(machine, machine.eval(target.value), target.attr, value, target)
        case ast.Subscript():
            receiver = machine.eval(target.value)
            machine.packages.set_item(machine, receiver, index_of(machine, target.slice), value, target)
        case ast.Tuple() | ast.List():
            _unpack(machine, target.elts, value, target)
        case ast.Starred():
            machine.assign(target.value, value)


def _unpack(machine: Machine, targets: Sequence[ast.expr], value: Value, node: ast.AST) -> None:
    value = machine.packages.unpacked(machine, present(value), targets)
    items = known_items(value)
    starred = next((i for i, each in enumerate(targets) if isinstance(each, ast.Starred)), None)
    if items is not None and starred is None and len(items) == len(targets):
        for target, item in zip(targets, items, strict=True):
            machine.assign(target, item)
        return
    if items is not None and starred is not None and len(items) >= len(targets) - 1:
        rest = len(items) - (len(targets) - 1)
        for target, item in zip(targets[:starred], items[:starred], strict=True):
            machine.assign(target, item)
        middle = List({ITEMS: items[starred : starred + rest]}, machine.site(node))
        machine.assign(targets[starred], middle)
        for target, item in zip(targets[starred + 1 :], items[starred + rest :], strict=True):
            machine.assign(target, item)
        return
    if isinstance(value, OneOf):
        each = [known_items(alternative) for alternative in value.alternatives]
        if starred is None and all(parts is not None and len(parts) == len(targets) for parts in each):
            for index, target in enumerate(targets):
                machine.assign(target, join_all([parts[index] for parts in each if parts is not None]))
            return
    for index, target in enumerate(targets):
        machine.assign(target, _part(machine, value, index, node))


def _part(machine: Machine, value: Value, index: int, node: ast.AST) -> Value:
    if isinstance(value, Unknown):
        return Unknown(machine.site(node), f"<part {index}>", value)
    if isinstance(value, Tensor):
        return machine.iterated(value, node)
    element = element_of(value)
    return Unknown(machine.site(node)) if element is UNKNOWN else element


def _expression(machine: Machine, node: ast.Expr) -> bool:
    for each in node.value.elts if isinstance(node.value, ast.Tuple) else (node.value,):
        _thrown_away(machine, each)
    return not _ends(machine, node.value)


def _thrown_away(machine: Machine, node: ast.expr) -> None:
    before, machine.statement = machine.statement, node
    value = machine.eval(node)
    machine.statement = before
    if isinstance(value, LibraryMethod):
        bad_operand(machine, value, node, "statement")
        if meant_as_call(value):
            machine.call(value, (), {}, node)
    if Statement in machine.wanted:
        machine.emit(Statement(machine.site(node), machine.frame, machine.grad, value))


def _ends(machine: Machine, node: ast.expr) -> bool:
    """Whether a call never comes back: `sys.exit()`."""
    if not isinstance(node, ast.Call):
        return False
    text = node.func
    if isinstance(text, ast.Name):
        return text.id in ("exit", "quit") and isinstance(lookup(machine, text.id), Library)
    return isinstance(text, ast.Attribute) and text.attr in ("exit", "_exit") and isinstance(text.value, ast.Name) and text.value.id in ("sys", "os")


def _assign(machine: Machine, node: ast.Assign) -> bool:
    value = machine.eval(node.value)
    for target in node.targets:
        machine.assign(target, value)
    if isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Add) and len(node.targets) == 1:
        _added(machine, node, node.value, value)
    return True


def _added(machine: Machine, node: ast.Assign, sum_: ast.BinOp, value: Value) -> None:
    """`total = total + loss`."""
    target = node.targets[0]
    if isinstance(target, ast.Name | ast.Attribute) and _same_text(target, sum_.left):
        operands = value.inputs if isinstance(value, Tensor) else value.receiver.items if isinstance(value, Unknown) and isinstance(value.receiver, Tuple) else ()
        if len(operands) == 2:
            gather(machine, node, target, operands[1], sum_.right, value)


def _annotated_assign(machine: Machine, node: ast.AnnAssign) -> bool:
    if node.value is not None:
        machine.assign(node.target, machine.eval(node.value))
    return True


def _augmented(machine: Machine, node: ast.AugAssign) -> bool:
    before = machine.eval(node.target)
    value = machine.eval(node.value)
    if AugmentedAssignment in machine.wanted:
        machine.emit(
            AugmentedAssignment(
                machine.site(node), machine.frame, machine.grad, machine.site(node.target), type(node.op).__name__, before, value, machine.site(node.value), len(machine.frame.loops),
            )
        )  # fmt: skip
    if isinstance(before, List) and isinstance(node.op, ast.Add):
        machine.packages.call_method(machine, LibraryMethod(before, "extend"), (value,), {}, node)
        for item, written in zip(known_items(value) or (), getattr(node.value, "elts", ()), strict=False):
            gather(machine, node, node.target, item, written, before)
        return True
    result = machine.packages.augmented(machine, before, binary(machine, before, value, node.op, node), node)
    machine.assign(node.target, result)
    if isinstance(node.op, ast.Add):
        gather(machine, node, node.target, value, node.value, result)
    return True


def _if(machine: Machine, node: ast.If) -> bool:
    known = tested(machine, node.test)
    if known is None and _is_main(node.test):
        known = True
    if known is not None:
        untaken = node.orelse if known else node.body
        if untaken and _is_setting(machine, node.test):
            _passes_untaken(machine, untaken)
        return machine.execute(node.body if known else node.orelse)
    last = is_last_round(machine, node.test)

    def taken() -> bool:
        if last:
            leaves(machine, 1)
        return _narrowed(machine, node.test, True, node.body)

    return machine.in_arms([taken, lambda: _narrowed(machine, node.test, False, node.orelse)], node.test)


def _is_setting(machine: Machine, test: ast.expr) -> bool:
    """Whether a script branches on a constant that a person turns by hand: `training = False` at its top."""
    plain = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
    return machine.frame.function is None and not machine.frame.class_body and isinstance(plain, ast.Name) and isinstance(lookup(machine, plain.id), Const)


def _passes_untaken(machine: Machine, body: Sequence[ast.stmt]) -> None:
    """Run the branch that a setting leaves out for its passes alone; nothing of it remains, and no other fact is told."""
    kept = (machine.emit, machine.trace, machine.coverage.called, machine.coverage.instantiated, machine.grad, machine.untaken)
    mark = machine.trail.mark()
    machine.emit, machine.trace = (lambda fact: None), list(machine.trace)
    machine.coverage.called, machine.coverage.instantiated, machine.untaken = set(machine.coverage.called), set(machine.coverage.instantiated), True
    machine.execute(body)
    note_passes(machine)
    machine.trail.undo(mark)
    machine.emit, machine.trace, machine.coverage.called, machine.coverage.instantiated, machine.grad, machine.untaken = kept


def _narrowed(machine: Machine, test: ast.expr, holds: bool, body: Sequence[ast.stmt]) -> bool:
    """Run an arm knowing that a condition holds or does not: `x is None`, `x`, `not x`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _narrowed(machine, test.operand, not holds, body)
    target: ast.expr | None = None
    absent = False
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None:
        target = test.left
        absent = isinstance(test.ops[0], ast.Is | ast.Eq) is holds
    elif isinstance(test, ast.Name | ast.Attribute):
        target, absent = test, False
        if not holds:
            target = None
    if isinstance(target, ast.Name):
        value = lookup(machine, target.id)
        if isinstance(value, OneOf) and NONE in value.alternatives:
            machine.bind_name(target.id, NONE if absent else present(value))
        elif isinstance(value, Unknown) and absent and value is not UNKNOWN:
            machine.bind_name(target.id, NONE)
    return machine.execute(body)


def _match(machine: Machine, node: ast.Match) -> bool:
    machine.eval(node.subject)
    arms: list[Callable[[], bool]] = []
    for case in node.cases:
        names = [each.name for each in ast.walk(case.pattern) if isinstance(each, ast.MatchAs | ast.MatchStar) and each.name]

        def arm(case: ast.match_case = case, names: list[str] = names) -> bool:
            for name in names:
                machine.bind_name(name, Unknown())
            if case.guard is not None:
                machine.eval(case.guard)
            return machine.execute(case.body)

        arms.append(arm)
    total = any(isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None for case in node.cases)
    return machine.in_arms(arms if total else [*arms, lambda: True], node.subject)


def _return(machine: Machine, node: ast.Return) -> bool:
    value = machine.eval(node.value) if node.value is not None else NONE
    if isinstance(value, LibraryMethod) and node.value is not None:
        bad_operand(machine, value, node.value, "return")
    if ReturnStatement in machine.wanted and machine.frame.name == "backward":
        machine.emit(ReturnStatement(machine.site(node), machine.frame, machine.grad, value))
    leaves(machine, len(machine.frame.loops))
    leave_with(machine, value, node)
    return False


def _function(machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    decorators = tuple(machine.eval(each) for each in node.decorator_list)
    owner = machine.frame.receiver if isinstance(machine.frame.receiver, Class) and machine.frame.class_body else None
    function = Function(node, machine.frame.tree.path, visible_scopes(machine), defaults(machine, node.args), owner, decorators)
    if owner is not None and any(isinstance(each, ast.Attribute) and each.attr in ("setter", "deleter") for each in node.decorator_list):
        _accessor(machine, function)
    else:
        machine.bind_name(node.name, _decorated(machine, function, decorators))
    return True


def _accessor(machine: Machine, function: Function) -> None:
    """`@width.setter`: what sets a property; the name stays the property, the one of this class or of a base (`@Base.width.setter`)."""
    for decorator in getattr(function.node, "decorator_list", ()):
        if isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter"):
            read = machine.eval(decorator.value)
            machine.trail.set(machine.frame.locals, (decorator.attr, function.name), function)
            machine.bind_name(function.name, read if isinstance(read, Function) and method_kind(read) == "property" else Unknown())


def _decorated(machine: Machine, function: Function, decorators: tuple[Value, ...]) -> Value:
    """What decorators of the program make of a function; those of libraries are taken to keep it."""
    value: Value = function
    for decorator in reversed(decorators):
        if not isinstance(decorator, Function):
            continue
        made = machine.call(decorator, (value,), {}, function.node)
        same = [each for each in each_of(made) if isinstance(each, Function) and each.node is function.node]
        if same:
            # Given back as it is by some way, in a gradient mode by others: those count.
            value = max(same, key=lambda each: len(each.decorators))
        elif function.owner is None and isinstance(made, Function | Method):
            value = made
    return value


def _class(machine: Machine, node: ast.ClassDef) -> bool:
    decorators = [machine.eval(each) for each in node.decorator_list]
    bases = tuple(machine.eval(each.value if isinstance(each, ast.Starred) else each) for each in node.bases)
    namespace: dict[str, Any] = {}
    cls = Class(node, machine.frame.tree.path, tuple(present(base) for base in bases), namespace, visible_scopes(machine))
    caller = machine.frame
    machine.frame = Frame(
        caller.tree, namespace, visible_scopes(machine), receiver=cls, caller=caller, class_body=True, mark=machine.trail.mark(), depth=caller.depth + 1
    )
    try:
        machine.execute(node.body)
    finally:
        machine.frame = caller
    machine.bind_name(node.name, _registered(machine, cls, decorators))
    return True


def _registered(machine: Machine, cls: Class, decorators: Sequence[Value]) -> Class:
    """A class after the program's decorators, which mostly note it in a registry; those of libraries are taken to keep it."""
    for decorator in reversed(decorators):
        if isinstance(decorator, Function | Method):
            made = machine.call(decorator, (cls,), {}, cls.node)
            cls = made if isinstance(made, Class) else cls
    return cls


def _global(machine: Machine, node: ast.Global) -> bool:
    machine.frame.globals |= frozenset(node.names)
    return True


def _nonlocal(machine: Machine, node: ast.Nonlocal) -> bool:
    machine.frame.nonlocals |= frozenset(node.names)
    return True


def _delete(machine: Machine, node: ast.Delete) -> bool:
    for target in node.targets:
        if isinstance(target, ast.Name):
            machine.trail.delete(machine.frame.locals, target.id)
        elif isinstance(target, ast.Subscript):
            held = machine.eval(target.value)
            if isinstance(held, Dict):
                machine.packages.call_method(machine, LibraryMethod(held, "pop"), (machine.eval(target.slice),), {}, target)
            elif isinstance(held, List):
                machine.packages.call_method(machine, LibraryMethod(held, "remove"), (), {}, target)
            elif isinstance(held, Instance) and is_state(held):
                machine.call(LibraryMethod(held, "pop"), (machine.eval(target.slice),), {}, target)
        elif isinstance(target, ast.Attribute):
            held = machine.eval(target.value)
            deleter = accessor(held.cls, "deleter", target.attr) if isinstance(held, Instance) else None
            if deleter is not None:
                machine.call(Method(held, deleter), (), {}, target)
            elif isinstance(held, Instance):
                machine.trail.delete(held.store, target.attr)
            elif target.attr == "grad":
                machine.event("zero_grad", target, held if isinstance(held, Tensor) else UNKNOWN)
    return True


def _assert(machine: Machine, node: ast.Assert) -> bool:
    return tested(machine, node.test) is not False or not isinstance(node.test, ast.Constant)


def _same_text(target: ast.Name | ast.Attribute, other: ast.expr) -> bool:
    """Whether two expressions are written alike."""
    if isinstance(target, ast.Name):
        return isinstance(other, ast.Name) and target.id == other.id
    return isinstance(other, ast.Attribute) and target.attr == other.attr and ast.unparse(target) == ast.unparse(other)


def _is_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"`"""
    return (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq)
        and {getattr(each, "id", getattr(each, "value", None)) for each in (test.left, test.comparators[0])} == {"__name__", "__main__"}
    )


# What runs each kind of statement that is written here.
STATEMENTS: dict[type[ast.AST], Callable[[Machine, Any], bool]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated_assign,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Return: _return,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Delete: _delete,
    ast.Assert: _assert,
    ast.Match: _match,
}
