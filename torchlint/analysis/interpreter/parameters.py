"""The parameters of a function as it is written, worked out once for each definition."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from torchlint.analysis.interpreter.annotations import as_written
from torchlint.analysis.values.classes import decorated


@dataclass(frozen=True, slots=True)
class Parameters:
    """The names that may be passed by position and those by name alone; `rest` is that of `*args`, `rest_by_name` that of `**kwargs`.

    `shaped` are the annotations that may say a shape, by parameter; a `static` function has no receiver among its parameters.
    """

    positional: tuple[str, ...]
    named: tuple[str, ...]
    rest: str | None
    rest_by_name: str | None
    annotations: Mapping[str, ast.expr | None]
    shaped: Mapping[str, ast.Subscript]
    static: bool


@lru_cache(maxsize=8192)
def parameters_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Parameters:
    """The parameters of a definition."""
    arguments = node.args
    positional = (*arguments.posonlyargs, *arguments.args)
    annotations = {each.arg: as_written(each.annotation) for each in (*positional, *arguments.kwonlyargs)}
    return Parameters(
        tuple(each.arg for each in positional),
        tuple(each.arg for each in arguments.kwonlyargs),
        arguments.vararg.arg if arguments.vararg is not None else None,
        arguments.kwarg.arg if arguments.kwarg is not None else None,
        annotations,
        {name: each for name, each in annotations.items() if isinstance(each, ast.Subscript)},
        decorated(node, "staticmethod"),
    )
