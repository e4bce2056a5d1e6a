"""What the annotations of a function's parameters say of what it is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace

from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    NONE,
    UNKNOWN,
    Class,
    Frame,
    Function,
    Instance,
    Library,
    OneOf,
    Tensor,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import is_module_type, linear_bases, method_kind
from torchlint.analysis.values.join import join
from torchlint.analysis.values.store import ModuleStore, Store
from torchlint.torch_api.dims import symbol
from torchlint.torch_api.jaxtyping import Annotated, annotated


def from_annotation(machine: Machine, annotation: ast.expr | None, function: Function, default: Value | None = None) -> Value:
    """What is known of a parameter that nobody passes: at most its annotated type, where the default does not belie that.

    `layer: nn.Module = nn.Linear` takes a class, `mask: Tensor = None` may be given nothing.
    """
    value = _by_type(machine, annotation, function, default)
    return value if default != NONE or isinstance(value, Unknown) else join(value, NONE)


def _by_type(machine: Machine, annotation: ast.expr | None, function: Function, default: Value | None) -> Value:
    """What is known of an argument of an annotated type."""
    if isinstance(annotation, ast.Name | ast.Attribute) and (default is None or default == NONE or isinstance(default, Instance | Tensor)):
        value = _annotated(machine, annotation, function)
        match value:
            case Library(name="torch.Tensor" | "torch.autograd.Variable"):
                return Tensor()
            case Library(name="torch.nn.Module"):
                return _perhaps(Instance("torch.nn.Module", ModuleStore(training=None)), default)
            case Class() if is_module_type(value):
                return _perhaps(Instance("torch.nn.Module", ModuleStore({"training": None, **dict.fromkeys(_own_attributes(value), Unknown())})), default)
    return Unknown()


def _perhaps(module: Instance, default: Value | None) -> Value:
    """A module, or None where that is the default."""
    return OneOf((NONE, module)) if default == NONE else module


def _own_attributes(cls: Class) -> Iterator[str]:
    """What a class of the program has for attributes that are no methods: nn.Module's of those names are not meant."""
    for base in linear_bases(cls):
        for name, held in base.namespace.items() if isinstance(base, Class) else ():
            if isinstance(name, str) and (name == "__call__" or not (isinstance(held, Function) and method_kind(held) == "plain")):
                yield name


def note_annotated_shapes(machine: Machine, bound: Store, written: Mapping[str, ast.Subscript], function: Function) -> None:
    """Give the parameters whose shapes are not known those that their annotations say, as these are `written`."""
    if not written:
        return
    machine.annotated_sizes += 1
    for name, each in written.items():
        said = _said(machine, each, function)
        value = bound.get(name)
        if said is None or not isinstance(value, Tensor | Unknown) or (isinstance(value, Tensor) and (value.shape is not None or value.tail is not None)):
            continue
        given = value if isinstance(value, Tensor) else Tensor(site=value.site)
        bound[name] = replace(given, shape=said.shape, tail=said.tail, dtype=given.dtype or said.dtype)


def _said(machine: Machine, annotation: ast.Subscript, function: Function) -> Annotated | None:
    """`Float[Tensor, "b c h w"]` of tensors."""
    match annotation.slice:
        case ast.Tuple(elts=[ast.Name() | ast.Attribute() as array, ast.Constant(value=str() as text)]):
            kind = _annotated(machine, annotation.value, function)
            tensor = _annotated(machine, array, function)
            if isinstance(kind, Library) and isinstance(tensor, Library) and tensor.name == "torch.Tensor":
                return annotated(kind.name, text, lambda name: symbol(f"{name}{machine.annotated_sizes}"))
    return None


def _annotated(machine: Machine, annotation: ast.expr, function: Function) -> Value:
    if not isinstance(annotation, ast.Name | ast.Attribute):
        return UNKNOWN
    caller = machine.frame
    machine.frame = Frame(machine.files[function.path].tree, {}, function.scopes, caller=caller, depth=caller.depth)
    try:
        return machine.eval(annotation)
    finally:
        machine.frame = caller


def as_written(annotation: ast.expr | None) -> ast.expr | None:
    """An annotation, also where it is written as a string."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            return None
    return annotation
