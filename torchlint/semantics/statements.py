"""What statements do: bind names, branch, loop, guard, define."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torchlint.semantics.checkpoints import is_state
from torchlint.semantics.contexts import Contexts
from torchlint.semantics.facts import Assignment, AugmentedAssignment, Statement
from torchlint.semantics.frame import Frame
from torchlint.semantics.gradients import ReturnStatement
from torchlint.semantics.inspection import element_of, known_items
from torchlint.semantics.intent import meant_as_call
from torchlint.semantics.join import join_all, present
from torchlint.semantics.values import (
    NONE,
    UNKNOWN,
    Class,
    Const,
    Dict,
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
)


class Statements(Contexts):
    """Execution of every kind of statement."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.statement: ast.AST | None = None
        self._executors: dict[type[ast.AST], Callable[[Any], bool]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated_assign,
            ast.AugAssign: self._augmented,
            ast.If: self._if,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.While: self._while,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Return: self._return,
            ast.Raise: self._raise,
            ast.Break: self._break,
            ast.Continue: self._continue,
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.Global: self._global,
            ast.Nonlocal: self._nonlocal,
            ast.Delete: self._delete,
            ast.Assert: self._assert,
            ast.Match: self._match,
        }

    def execute(self, body: Sequence[ast.stmt]) -> bool:
        cost = self.frame.cost
        for node in body:
            self.budget -= cost
            run = self._executors.get(type(node))
            if run is not None and not run(node):
                return False
        return True

    # Binding.

    def assign(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name():
                if isinstance(value, self.wanted_values.get(Assignment, ())):
                    before = self.frame.locals.get(target.id)
                    self.emit(Assignment(self.site(target), self.frame, self.grad, target.id, value, before))
                self.bind_name(target.id, value)
            case ast.Attribute():
                self.set_attribute(self.eval(target.value), target.attr, value, target)
            case ast.Subscript():
                receiver = self.eval(target.value)
                self.set_item(receiver, self._index(target.slice), value, target)
            case ast.Tuple() | ast.List():
                self._unpack(target.elts, value, target)
            case ast.Starred():
                self.assign(target.value, value)

    def _unpack(self, targets: Sequence[ast.expr], value: Value, node: ast.AST) -> None:
        value = self.sizes_unpacked(present(value), targets)
        items = known_items(value)
        starred = next((i for i, each in enumerate(targets) if isinstance(each, ast.Starred)), None)
        if items is not None and starred is None and len(items) == len(targets):
            for target, item in zip(targets, items, strict=True):
                self.assign(target, item)
            return
        if items is not None and starred is not None and len(items) >= len(targets) - 1:
            rest = len(items) - (len(targets) - 1)
            for target, item in zip(targets[:starred], items[:starred], strict=True):
                self.assign(target, item)
            middle = List({"items": items[starred : starred + rest]}, self.site(node))
            self.assign(targets[starred], middle)
            for target, item in zip(targets[starred + 1 :], items[starred + rest :], strict=True):
                self.assign(target, item)
            return
        if isinstance(value, OneOf):
            each = [known_items(alternative) for alternative in value.alternatives]
            if starred is None and all(parts is not None and len(parts) == len(targets) for parts in each):
                for index, target in enumerate(targets):
                    self.assign(target, join_all([parts[index] for parts in each if parts is not None]))
                return
        for index, target in enumerate(targets):
            self.assign(target, self._part(value, index, node))

    def _part(self, value: Value, index: int, node: ast.AST) -> Value:
        if isinstance(value, Unknown):
            return Unknown(self.site(node), f"<part {index}>", value)
        if isinstance(value, Tensor):
            return self.iterated(value, node)
        element = element_of(value)
        return Unknown(self.site(node)) if element is UNKNOWN else element

    def _expression(self, node: ast.Expr) -> bool:
        for each in node.value.elts if isinstance(node.value, ast.Tuple) else (node.value,):
            self._thrown_away(each)
        return not self._ends(node.value)

    def _thrown_away(self, node: ast.expr) -> None:
        before, self.statement = self.statement, node
        value = self.eval(node)
        self.statement = before
        if isinstance(value, LibraryMethod):
            self.bad_operand(value, node, "statement")
            if meant_as_call(value):
                self.call(value, (), {}, node)
        if Statement in self.wanted:
            self.emit(Statement(self.site(node), self.frame, self.grad, value))

    def _ends(self, node: ast.expr) -> bool:
        """Whether a call never comes back: `sys.exit()`."""
        if not isinstance(node, ast.Call):
            return False
        text = node.func
        if isinstance(text, ast.Name):
            return text.id in ("exit", "quit") and isinstance(self.lookup(text.id), Library)
        return isinstance(text, ast.Attribute) and text.attr in ("exit", "_exit") and isinstance(text.value, ast.Name) and text.value.id in ("sys", "os")

    def _assign(self, node: ast.Assign) -> bool:
        value = self.eval(node.value)
        for target in node.targets:
            self.assign(target, value)
        if isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Add) and len(node.targets) == 1:
            self._added(node, node.value, value)
        return True

    def _added(self, node: ast.Assign, sum_: ast.BinOp, value: Value) -> None:
        """`total = total + loss`."""
        target = node.targets[0]
        if isinstance(target, ast.Name | ast.Attribute) and _same_text(target, sum_.left):
            operands = value.inputs if isinstance(value, Tensor) else value.receiver.items if isinstance(value, Unknown) and isinstance(value.receiver, Tuple) else ()
            if len(operands) == 2:
                self.gather(node, target, operands[1], sum_.right, value)

    def _annotated_assign(self, node: ast.AnnAssign) -> bool:
        if node.value is not None:
            self.assign(node.target, self.eval(node.value))
        return True

    def _augmented(self, node: ast.AugAssign) -> bool:
        before = self.eval(node.target)
        value = self.eval(node.value)
        if AugmentedAssignment in self.wanted:
            self.emit(
                AugmentedAssignment(
                    self.site(node), self.frame, self.grad, self.site(node.target), type(node.op).__name__, before, value, self.site(node.value), len(self.frame.loops),
                )
            )  # fmt: skip
        if isinstance(before, List) and isinstance(node.op, ast.Add):
            self.list_method(before, "extend", (value,), {}, node)
            for item, written in zip(known_items(value) or (), getattr(node.value, "elts", ()), strict=False):
                self.gather(node, node.target, item, written, before)
            return True
        result = self.binary(before, value, node.op, node)
        if isinstance(before, Tensor):
            self.changes(before, node)
        if isinstance(before, Tensor) and isinstance(result, Tensor):
            result = self.in_place(before, replace(result, shape=before.shape, tail=before.tail))
            self.rebind(before, result)
        self.assign(node.target, result)
        if isinstance(node.op, ast.Add):
            self.gather(node, node.target, value, node.value, result)
        return True

    # Branches.

    def _if(self, node: ast.If) -> bool:
        known = self.test(node.test)
        if known is None and _is_main(node.test):
            known = True
        if known is not None:
            untaken = node.orelse if known else node.body
            if untaken and self._is_setting(node.test):
                self._passes_untaken(untaken)
            return self.execute(node.body if known else node.orelse)
        last = self.is_last_round(node.test)

        def taken() -> bool:
            if last:
                self.leaves(1)
            return self._narrowed(node.test, True, node.body)

        return self.in_arms([taken, lambda: self._narrowed(node.test, False, node.orelse)], node.test)

    def _is_setting(self, test: ast.expr) -> bool:
        """Whether a script branches on a constant that a person turns by hand: `training = False` at its top."""
        plain = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
        return self.frame.function is None and not self.frame.class_body and isinstance(plain, ast.Name) and isinstance(self.lookup(plain.id), Const)

    def _passes_untaken(self, body: Sequence[ast.stmt]) -> None:
        """Run the branch that a setting leaves out for its passes alone; nothing of it remains, and no other fact is told."""
        kept = (self.emit, self.trace, self.called, self.instantiated, self.grad, self.untaken)
        mark = self.trail.mark()
        self.emit, self.trace = (lambda fact: None), list(self.trace)
        self.called, self.instantiated, self.untaken = set(self.called), set(self.instantiated), True
        self.execute(body)
        self.note_passes()
        self.trail.undo(mark)
        self.emit, self.trace, self.called, self.instantiated, self.grad, self.untaken = kept

    def _narrowed(self, test: ast.expr, holds: bool, body: Sequence[ast.stmt]) -> bool:
        """Run an arm knowing that a condition holds or does not: `x is None`, `x`, `not x`."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._narrowed(test.operand, not holds, body)
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
            value = self.lookup(target.id)
            if isinstance(value, OneOf) and NONE in value.alternatives:
                self.bind_name(target.id, NONE if absent else present(value))
            elif isinstance(value, Unknown) and absent and value is not UNKNOWN:
                self.bind_name(target.id, NONE)
        return self.execute(body)

    def _match(self, node: ast.Match) -> bool:
        self.eval(node.subject)
        arms: list[Callable[[], bool]] = []
        for case in node.cases:
            names = [each.name for each in ast.walk(case.pattern) if isinstance(each, ast.MatchAs | ast.MatchStar) and each.name]

            def arm(case: ast.match_case = case, names: list[str] = names) -> bool:
                for name in names:
                    self.bind_name(name, Unknown())
                if case.guard is not None:
                    self.eval(case.guard)
                return self.execute(case.body)

            arms.append(arm)
        total = any(isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None for case in node.cases)
        return self.in_arms(arms if total else [*arms, lambda: True], node.subject)

    # Loops.


    def _return(self, node: ast.Return) -> bool:
        value = self.eval(node.value) if node.value is not None else NONE
        if isinstance(value, LibraryMethod) and node.value is not None:
            self.bad_operand(value, node.value, "return")
        if ReturnStatement in self.wanted:
            self.emit(ReturnStatement(self.site(node), self.frame, self.grad, value))
        self.leaves(len(self.frame.loops))
        self.leave_with(value, node)
        return False

    # Exceptions and contexts.


    # Definitions.

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        decorators = tuple(self.eval(each) for each in node.decorator_list)
        owner = self.frame.receiver if isinstance(self.frame.receiver, Class) and self.frame.class_body else None
        function = Function(node, self.frame.tree.path, self.visible_scopes(), self.defaults(node.args), owner, decorators)
        self.bind_name(node.name, self._decorated(function, decorators))
        return True

    def _decorated(self, function: Function, decorators: tuple[Value, ...]) -> Value:
        """What decorators of the program make of a function; those of libraries are taken to keep it."""
        value: Value = function
        for decorator in reversed(decorators):
            if not isinstance(decorator, Function):
                continue
            made = self.call(decorator, (value,), {}, function.node)
            same = [each for each in (made.alternatives if isinstance(made, OneOf) else (made,)) if isinstance(each, Function) and each.node is function.node]
            if same:
                # Given back as it is by some way, in a gradient mode by others: those count.
                value = max(same, key=lambda each: len(each.decorators))
            elif function.owner is None and isinstance(made, Function | Method):
                value = made
        return value

    def _class(self, node: ast.ClassDef) -> bool:
        decorators = [self.eval(each) for each in node.decorator_list]
        bases = tuple(self.eval(each.value if isinstance(each, ast.Starred) else each) for each in node.bases)
        namespace: dict[str, Any] = {}
        cls = Class(node, self.frame.tree.path, tuple(present(base) for base in bases), namespace, self.visible_scopes())
        caller = self.frame
        self.frame = Frame(
            caller.tree, namespace, self.visible_scopes(), receiver=cls, caller=caller, class_body=True, mark=self.trail.mark(), depth=caller.depth + 1
        )
        try:
            self.execute(node.body)
        finally:
            self.frame = caller
        self.bind_name(node.name, self._registered(cls, decorators))
        return True

    def _registered(self, cls: Class, decorators: Sequence[Value]) -> Class:
        """A class after the program's decorators, which mostly note it in a registry; those of libraries are taken to keep it."""
        for decorator in reversed(decorators):
            if isinstance(decorator, Function | Method):
                made = self.call(decorator, (cls,), {}, cls.node)
                cls = made if isinstance(made, Class) else cls
        return cls

    # Imports.


    def _global(self, node: ast.Global) -> bool:
        self.frame.globals |= frozenset(node.names)
        return True

    def _nonlocal(self, node: ast.Nonlocal) -> bool:
        self.frame.nonlocals |= frozenset(node.names)
        return True

    def _delete(self, node: ast.Delete) -> bool:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.trail.delete(self.frame.locals, target.id)
            elif isinstance(target, ast.Subscript):
                held = self.eval(target.value)
                if isinstance(held, Dict):
                    self.dict_method(held, "pop", (self.eval(target.slice),), {}, target)
                elif isinstance(held, List):
                    self.list_method(held, "remove", (), {}, target)
                elif isinstance(held, Instance) and is_state(held):
                    self.call(LibraryMethod(held, "pop"), (self.eval(target.slice),), {}, target)
            elif isinstance(target, ast.Attribute):
                held = self.eval(target.value)
                if isinstance(held, Instance):
                    self.trail.delete(held.store, target.attr)
        return True

    def _assert(self, node: ast.Assert) -> bool:
        return self.test(node.test) is not False or not isinstance(node.test, ast.Constant)


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


