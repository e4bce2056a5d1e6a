"""What is inferred at each layer of a package's model, and what hooks report when torch runs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from torchlint.analysis.values.abstract import Instance, Library, Tensor, Tuple, Value
from torchlint.analysis.values.classes import children, named_modules
from torchlint.analysis.views.tracing import Tracer
from torchlint.lint.linter import settings
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.syntax.tree import Tree, parse
from torchlint.torch_api.dims import show_shape

Shapes = tuple[str, ...]
Steps = list[tuple[str, Shapes]]


@dataclass(frozen=True)
class Package:
    """The files of an installed package as one program."""

    program: Program
    trees: dict[str, Tree]


@cache
def read_package(folder: Path) -> Package:
    """Read all of a package's own files."""
    sources = {str(path): Source(str(path), path.read_text()) for path in sorted(folder.rglob("*.py"))}
    with settings():
        trees = {path: parse(source) for path, source in sources.items()}
    return Package(Program(sources, frozenset(sources), (str(folder.parent),)), trees)


def hooked(model: nn.Module, size: tuple[int, ...]) -> Steps:
    """The output shapes of each leaf module in the order in which they were applied, on the meta device."""
    steps: Steps = []
    for name, module in model.named_modules():
        if not any(module.children()):
            module.register_forward_hook(lambda module, given, output, name=name: steps.append((name, tuple(_sizes(output)))))
    with torch.no_grad():
        model.eval()(torch.empty(size, device="meta"))
    return steps


def _sizes(output: Any) -> Iterator[str]:
    if isinstance(output, torch.Tensor):
        yield show_shape(tuple(output.shape))
    elif isinstance(output, tuple | list):
        for each in output:
            yield from _sizes(each)


def traced(package: Package, path: str, builder: str, size: tuple[int, ...]) -> Steps | str:
    """What is inferred of the same; or why the model could not be made."""
    with settings():
        tracer = Tracer(package.program, package.trees)
        machine = tracer.machine
        machine.run_file(path)
        held = machine.files[path].globals
        tree = package.trees[path]
        machine.frame = type(machine.frame)(tree, held, ())
        node = tree.module
        model = tracer.make(held[builder], (), {}, node)
        if not isinstance(model, Instance):
            return f"{type(model).__name__} is made"
        machine.call(machine.attribute(model, "eval", node), (), {}, node)
        given = Tensor(shape=size, dtype="float32", requires_grad=False, leaf=True)
        tracer.follow(model, [given], node)
    names = {id(module.store): name for name, module in named_modules(model)}
    return [
        (names.get(id(each.module.store), "?"), tuple(_shapes(each.result)))
        for each in tracer.applications
        if each.module.cls != "torch.nn.MultiheadAttention" and not any(True for _ in children(each.module))
    ]


def _shapes(value: Value) -> Iterator[str]:
    match value:
        case Tensor():
            yield "?" if value.shape is None else show_shape(value.shape)
        case Tuple():
            for each in value.items:
                yield from _shapes(each)
        case Library():
            pass
        case _:
            yield "?"


def compare(truth: Steps, inferred: Steps | str) -> str:
    """"whole", or where the two part, beginning with "wrong" if what is inferred is not so."""
    if isinstance(inferred, str):
        return inferred
    for index, (name, shapes) in enumerate(truth):
        if index >= len(inferred):
            return f"ends before {name}"
        said, seen = inferred[index]
        if said != name:
            return f"{said} {seen} in place of {name} {shapes}"
        if seen != shapes:
            return f"{'unknown' if '?' in str(seen) or len(seen) != len(shapes) else 'wrong'} at {name}: {seen}, {shapes}"
    return "whole" if len(inferred) == len(truth) else f"goes on with {inferred[len(truth)][0]}"
