"""TL307: a Function's backward returns one gradient for each input of its forward."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.facts.gradients import ReturnStatement, inputs_of_forward, is_function
from torchlint.analysis.values.abstract import NONE, Function, List, Tensor, Tuple, Value
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.operations import operation


@rule("TL307", words=("Function", "backward"))
def backward_arity(returned: ReturnStatement) -> Iterator[Finding]:
    function = returned.frame.function
    owner = function.owner if function is not None else None
    if function is None or owner is None or function.name != "backward" or not is_function(owner):
        return
    wanted, given = inputs_of_forward(owner), _gradients(returned, function)
    if wanted is None or given is None or wanted[0] <= len(given) <= wanted[1]:
        return
    if len(given) > wanted[1] and all(each == NONE for each in given[wanted[1] :]):
        return
    count = str(wanted[1]) if wanted[0] == wanted[1] else f"{wanted[0]} to {wanted[1]}"
    yield returned.flag(
        f"`forward` takes {count} input{'' if count == '1' else 's'} and `backward` returns {len(given)} gradient{'' if len(given) == 1 else 's'}, "
        "so that `loss.backward()` raises; return a tuple with one for each input, None for those that need none"
    )


def _gradients(returned: ReturnStatement, function: Function) -> tuple[Value, ...] | None:
    """What is returned, one by one; None where their number is not known."""
    node = returned.site.node
    written = node.value if isinstance(node, ast.Return) else None
    value = returned.value
    if isinstance(value, Tuple):
        return value.items
    if written is None:
        return None
    if isinstance(written, ast.List | ast.ListComp):
        return (value,)
    if isinstance(value, List | Tuple):
        return None
    return (value,) if isinstance(value, Tensor) or _single(written, function) else None


def _single(node: ast.expr, function: Function) -> bool:
    """Whether an expression stands for one tensor: an argument of backward, and arithmetic and methods on it."""
    match node:
        case ast.BinOp():
            return _single(node.left, function) or _single(node.right, function)
        case ast.UnaryOp():
            return _single(node.operand, function)
        case ast.Name():
            return node.id in [each.arg for each in function.node.args.args[1:]]
        case ast.Call(func=ast.Attribute(value=value, attr=name)):
            found = operation(name)
            return found is not None and found.result == "tensor" and _single(value, function)
    return False
