"""What the text of a program says of the places that call a name, where the caller itself does not lead to what it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from torchlint.syntax.index import below

_OFF = frozenset({"no_grad", "inference_mode"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@lru_cache(maxsize=512)
def calls_by_guard(module: ast.Module) -> Mapping[str, frozenset[bool]]:
    """The names that a file calls, each with whether that is under `torch.no_grad()` (False), or not (True)."""
    guarded = {id(call) for region in _guarded_regions(module) for call in below(region, ast.Call)}
    found: dict[str, set[bool]] = {}
    for call in below(module, ast.Call):
        found.setdefault(_last(call.func), set()).add(id(call) not in guarded)
    return {name: frozenset(grads) for name, grads in found.items()}


@lru_cache(maxsize=512)
def called_guarded(module: ast.Module) -> frozenset[str]:
    """The names that a file calls under `torch.no_grad()`."""
    return frozenset(_last(call.func) for region in _guarded_regions(module) for call in below(region, ast.Call))


def _guarded_regions(module: ast.Module) -> Iterator[ast.AST]:
    """The blocks and functions of a file that switch gradients off."""
    for node in below(module, ast.With, ast.AsyncWith, ast.FunctionDef, ast.AsyncFunctionDef):
        match node:
            case ast.With(items=items) | ast.AsyncWith(items=items):
                switches = [item.context_expr for item in items]
            case ast.FunctionDef(decorator_list=switches) | ast.AsyncFunctionDef(decorator_list=switches):
                pass
            case _:
                continue
        if any(map(_switches_off, switches)):
            yield node


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

