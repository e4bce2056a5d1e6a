"""Callables of which a program picks one: which may be called so, what came out of either, what the choice was made by."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from torchlint.analysis.values.abstract import (
    MORE,
    Activation,
    Function,
    Instance,
    Method,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import decorated
from torchlint.analysis.values.join import join_tensors
from torchlint.torch_api.losses import call_parameters

ONE_OF = "one of"


def takes(callee: Value, positional: int, keywords: Collection[str]) -> bool:
    """Whether something can be called with so many positional arguments and these keywords, as far as that is known."""
    if MORE in keywords:
        return True
    match callee:
        case Instance(cls=str() as name) if (names := call_parameters(name)) is not None:
            return positional + len(keywords) == len(names) and set(keywords) <= set(names[positional:])
        case Method(function=function):
            return _takes(function.node.args, positional + (not decorated(function.node, "staticmethod")), keywords)
        case Function(owner=None):
            return _takes(callee.node.args, positional, keywords)
    return True


def _takes(parameters: ast.arguments, positional: int, keywords: Collection[str]) -> bool:
    plain = [each.arg for each in (*parameters.posonlyargs, *parameters.args)]
    needed = {*plain[positional : len(plain) - len(parameters.defaults)]}
    needed |= {each.arg for each, default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True) if default is None}
    named = {*plain[max(positional, len(parameters.posonlyargs)) :], *(each.arg for each in parameters.kwonlyargs)}
    fits = positional <= len(plain) or parameters.vararg is not None
    return fits and needed <= set(keywords) and (parameters.kwarg is not None or set(keywords) <= named)


def choice_of(models: Iterable[Instance], active: Sequence[int], conditions: Mapping[int, ast.expr]) -> frozenset[str]:
    """What the conditions read under which the models were made, those left out that still hold."""
    left = {arm for model in models for arm in model.arms if arm not in active}
    return frozenset[str]().union(*(read_by(conditions[arm]) for arm in left if arm in conditions))


def read_by(condition: ast.expr) -> frozenset[str]:
    """The variables that an expression reads, with their attributes: "args.model" of `args.model == "cnn"`."""
    return frozenset(_read(condition))


def _read(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        yield ast.unparse(node)
    if not isinstance(node, ast.Name | ast.Attribute):
        for each in ast.iter_child_nodes(node):
            yield from _read(each)


def output_of_one(results: Sequence[Value], choice: frozenset[str], only: bool = False) -> Value | None:
    """What one of several models gives, with each activation that it may have had; None where that says nothing.

    A model that is not read (one from a file) is taken to give the same kind of thing. `only` says that all
    models but one are of that kind: then nothing hangs on the choice.
    """
    known = [each for each in results if not isinstance(each, Unknown)]
    if not (choice or only) or not known:
        return None
    if all(isinstance(each, Tuple) for each in known):
        rows = [each.items for each in known if isinstance(each, Tuple)]
        fields = {each.fields for each in known if isinstance(each, Tuple)}
        if len({len(row) for row in rows}) > 1:
            return None
        missing = [each for each in results if isinstance(each, Unknown)]
        items = tuple(output_of_one([*parts, *missing], choice, only) or Unknown() for parts in zip(*rows, strict=True))
        return Tuple(items, fields=fields.pop() if len(fields) == 1 else ())
    tensors = [each for each in known if isinstance(each, Tensor)]
    among = tuple(dict.fromkeys(each.activation for each in tensors if each.activation is not None))
    if len(tensors) < len(known) or not among:
        return None
    made = reduce(join_tensors, tensors)
    if len(known) == len(results) and made.activation is not None:
        return made
    made = made if len(known) == len(results) else Tensor()
    return replace(made, activation=Activation(ONE_OF, among=among, choice=choice))


def as_given(value: Value, active: Sequence[int], conditions: Mapping[int, ast.expr]) -> list[Value]:
    """A value once for each activation that it may have, where no condition that holds has to do with which."""
    activation = value.activation if isinstance(value, Tensor) else None
    if not isinstance(value, Tensor) or activation is None or activation.kind != ONE_OF:
        return [value]
    if any(read_by(conditions[arm]) & activation.choice for arm in active if arm in conditions):
        return [value]
    return [replace(value, activation=each) for each in activation.among]
