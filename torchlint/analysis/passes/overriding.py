"""Methods of nn.Module that a class of the program overrides."""

from __future__ import annotations

import ast

from torchlint.analysis.values.abstract import Class, Function
from torchlint.analysis.values.classes import find, method_kind
from torchlint.analysis.values.members import readable_bases
from torchlint.syntax.index import below
from torchlint.torch_api.module_methods import CALLED_BY_TORCH


def overridden(cls: Class) -> list[tuple[Function, bool]]:
    """The methods of the class's own body that torch's calls do not fit, or (True) that silence what they override."""
    if not readable_bases(cls, layers=True):
        return []
    found: list[tuple[Function, bool]] = []
    for name, calls in CALLED_BY_TORCH.items():
        method = cls.namespace.get(name)
        if not isinstance(method, Function) or method.owner is not cls or method_kind(method) != "plain" or isinstance(method.node, ast.Lambda):
            continue
        if find(cls, name) is not method:
            continue
        if not all(_takes(method.node.args, count, keywords) for count, keywords in calls):
            if name == "train" and _takes(method.node.args, 1, ()) and _takes_mode(method.node):
                continue
            found.append((method, False))
        elif name == "eval" and not _switches(method.node):
            found.append((method, True))
    return found


def _takes(arguments: ast.arguments, count: int, keywords: tuple[str, ...]) -> bool:
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)][1:]
    if count > len(positional) and arguments.vararg is None:
        return False
    rest = positional[count:]
    required = positional[: len(positional) - len(arguments.defaults)] if arguments.defaults else positional
    if any(name in required and name not in keywords for name in rest):
        return False
    named = {*positional, *(each.arg for each in arguments.kwonlyargs)}
    if arguments.kwarg is None and any(keyword not in named for keyword in keywords):
        return False
    return all(default is not None or each.arg in keywords for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))


def _takes_mode(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the one argument of a `train` is the mode: it is a bool, or is handed on to `super().train`."""
    mode = node.args.args[1] if len(node.args.args) > 1 else None
    if mode is None:
        return False
    if isinstance(mode.annotation, ast.Name) and mode.annotation.id == "bool":
        return True
    return any(
        isinstance(each.func, ast.Attribute) and each.func.attr == "train" and any(isinstance(given, ast.Name) and given.id == mode.arg for given in each.args)
        for each in below(node, ast.Call)
    )


def _switches(node: ast.AST) -> bool:
    """Whether a method calls `eval` or `train` of something, or sets a mode."""
    return any(each.attr in ("eval", "train", "training") for each in below(node, ast.Attribute))
