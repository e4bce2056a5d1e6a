"""Functions of torch.autograd: those passed by, what their forward takes, what their backward returns."""

from __future__ import annotations

import ast

from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import Class, Frame, Function, Instance, List, Tensor, Tuple, Value
from torchlint.analysis.values.classes import find, library_bases, method_kind
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.torch_api.operations import operation

_FUNCTION_BASES = frozenset({"torch.autograd.Function", "torch.autograd.function.Function"})


@immutable
class ReturnStatement(Fact):
    """`return value` in a function named `backward` that runs."""

    value: Value

    @property
    def gradients(self) -> tuple[Value, ...] | None:
        """What a Function's `backward` returns, one by one; None where their number is not known."""
        node, function = self.site.node, self.frame.function
        written = node.value if isinstance(node, ast.Return) else None
        if isinstance(self.value, Tuple):
            return self.value.items
        if written is None or function is None:
            return None
        if isinstance(written, ast.List | ast.ListComp):
            return (self.value,)
        if isinstance(self.value, List):
            return None
        return (self.value,) if isinstance(self.value, Tensor) or _single(written, function) else None


def _single(node: ast.expr, function: Function) -> bool:
    """Whether an expression stands for one tensor: an argument of backward, and arithmetic and methods on it."""
    match node:
        case ast.BinOp():
            return _single(node.left, function) or _single(node.right, function)
        case ast.UnaryOp():
            return _single(node.operand, function)
        case ast.Name():
            return node.id in [each.arg for each in function.node.args.args[_bound(function) + 1 :]]
        case ast.Call(func=ast.Attribute(value=value, attr=name)):
            found = operation(name)
            return found is not None and found.result == "tensor" and _single(value, function)
    return False


def _bound(function: Function) -> bool:
    """Whether a method's first parameter is the class."""
    return method_kind(function) == "class"


@immutable
class FunctionBypassed(Fact):
    """An autograd Function is run otherwise than by `apply`; `instance` if it was made and called."""

    cls: Class
    instance: bool


def is_function(cls: Value | str | None) -> bool:
    """Whether a class derives from torch.autograd.Function."""
    return isinstance(cls, Class) and any(name in _FUNCTION_BASES for name in library_bases(cls))


def function_instance(value: Value | None) -> Class | None:
    """The Function of which a value is an instance."""
    cls = value.cls if isinstance(value, Instance) else None
    return cls if isinstance(cls, Class) and is_function(cls) else None


def inputs_of_forward(cls: Class) -> tuple[int, int] | None:
    """The least and greatest number of inputs that a Function's `forward` takes; None where there is no such number."""
    forward = find(cls, "forward")
    if not isinstance(forward, Function):
        return None
    node = forward.node
    if node.args.vararg or node.args.kwonlyargs or node.args.kwarg:
        return None
    names = [*node.args.posonlyargs, *node.args.args]
    count = len(names) - _bound(forward) - (find(cls, "setup_context") is None)
    return (count - len(node.args.defaults), count) if count >= 0 else None


def in_function(site: Site, frame: Frame) -> bool:
    """Whether a place stands in a method of an autograd Function."""
    cls = site.around(ast.ClassDef)
    return cls is not None and is_function(next((scope[cls.name] for scope in (frame.locals, *frame.scopes) if cls.name in scope), None))
