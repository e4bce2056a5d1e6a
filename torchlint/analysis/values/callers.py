"""What the text of a program says of the places that call a name, where the caller itself does not lead to what it calls."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from torchlint.syntax.index import below

_OFF = frozenset({"no_grad", "inference_mode"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@lru_cache(maxsize=512)
def calls_by_guard(module: ast.Module) -> Mapping[str, frozenset[bool]]:
    """The names that a file calls, each with whether that is under `torch.no_grad()` (False), or not (True)."""
    found: dict[str, set[bool]] = {}
    pending: list[tuple[ast.AST, bool]] = [(module, True)]
    while pending:
        node, grad = pending.pop()
        match node:
            case ast.With() | ast.AsyncWith():
                grad = grad and not any(_switches_off(item.context_expr) for item in node.items)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                grad = not any(map(_switches_off, node.decorator_list))
            case ast.Call():
                found.setdefault(_last(node.func), set()).add(grad)
        pending.extend((each, grad) for each in ast.iter_child_nodes(node))
    return {name: frozenset(grads) for name, grads in found.items()}


def _switches_off(node: ast.expr) -> bool:
    """`torch.no_grad()`, `torch.no_grad`, `torch.set_grad_enabled(False)`."""
    called = node.func if isinstance(node, ast.Call) else node
    if _last(called) in _OFF:
        return True
    given = node.args if isinstance(node, ast.Call) and _last(called) == "set_grad_enabled" else ()
    return any(isinstance(each, ast.Constant) and each.value is False for each in given)


def _last(node: ast.expr) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


@lru_cache(maxsize=512)
def forward_differentiates(module: ast.Module) -> bool:
    """Whether a file has a class whose `forward` computes gradients, itself or by a method that it calls: forces, energies."""
    return any(_computes_gradients({each.name: each for each in cls.body if isinstance(each, _FUNCTIONS)}) for cls in below(module, ast.ClassDef))


def _computes_gradients(methods: Mapping[str, ast.AST]) -> bool:
    seen, pending = {"forward"}, ["forward"]
    while pending:
        method = methods.get(pending.pop())
        for call in below(method, ast.Call) if method is not None else ():
            name = _last(call.func)
            if name == "grad":
                return True
            if name in methods and name not in seen:
                seen.add(name)
                pending.append(name)
    return False


@lru_cache(maxsize=2048)
def switches_modes(cls: ast.ClassDef) -> bool:
    """Whether a class has a method that calls `eval()` or `train(…)` of something."""
    return any(_last(each.func) in ("eval", "train") and isinstance(each.func, ast.Attribute) for each in below(cls, ast.Call))

