"""What is known at a line: each variable's facts, as the linter itself holds them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from torchlint.analysis.entries import run_program
from torchlint.analysis.interpret import PYTHON, machine_for
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    Array,
    Class,
    Const,
    Dict,
    Frame,
    Function,
    Instance,
    Iteration,
    Library,
    List,
    Method,
    OneOf,
    Partial,
    ProjectFile,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import is_module
from torchlint.analysis.values.store import ENTRIES, ITEMS
from torchlint.analysis.views.size_names import plain_names
from torchlint.project.program import Program
from torchlint.syntax.tree import Tree
from torchlint.torch_api.dims import show, show_shape

_LONGEST_TEXT = 40


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable at a line; an empty text stands for what is not known or does not apply.

    `grad` says whether the tensor's `.grad` would be kept by a backward pass; `mode` is a module's.
    """

    name: str
    kind: str
    shape: str = ""
    dtype: str = ""
    requires_grad: str = ""
    is_leaf: str = ""
    grad: str = ""
    activation: str = ""
    mode: str = ""


class _Watcher:
    """Keeps the variables of each run of one line."""

    def __init__(self, path: str, row: int) -> None:
        self.path, self.row = path, row
        self.seen: list[tuple[bool, list[Variable]]] = []

    def execute(self, machine: Machine, body: Sequence[ast.stmt]) -> bool:
        """Run statements, and look around after the one that heads the line."""
        if machine.frame.tree.path != self.path:
            return PYTHON.execute(machine, body)
        for node in body:
            live = PYTHON.execute(machine, [node])
            if _heads(node, self.row):
                self._look(machine.frame)
            if not live:
                return False
        return True

    def _look(self, frame: Frame) -> None:
        values = {str(name): value for name, value in frame.locals.items() if isinstance(value, Value)}
        if isinstance(frame.receiver, Instance):
            held = {f"self.{name}": value for name, value in frame.receiver.store.items() if isinstance(name, str) and isinstance(value, Value)}
            values |= held
        # Modes change as the program goes on: what holds here is put into words here.
        found = [describe(name, value) for name, value in values.items() if _shown(name, value)]
        plain = plain_names(each.shape for each in found)
        self.seen.append((frame.alone, [replace(each, shape=plain(each.shape)) for each in found]))

    def runs(self) -> list[list[Variable]]:
        """The variables run by run; those of a call that the program makes, where it makes one."""
        return [found for alone, found in self.seen if not alone] or [found for _, found in self.seen]


def _heads(node: ast.stmt, row: int) -> bool:
    """Whether a line belongs to a statement itself, and not to a statement inside it."""
    inner = [part for name in ("body", "orelse", "finalbody", "handlers", "cases") for part in getattr(node, name, [])]
    first = min((getattr(part, "lineno", row + 1) for part in inner), default=(node.end_lineno or node.lineno) + 1)
    return node.lineno <= row < first


def explain(program: Program, trees: Mapping[str, Tree], path: str, row: int) -> list[Variable]:
    """The facts that hold of each variable right after line `row` of a file, in every run of it."""
    watcher = _Watcher(path, row)
    run_program(machine_for(program, trees, language=replace(PYTHON, execute=watcher.execute)))
    found: dict[str, Variable] = {}
    for variables in watcher.runs():
        for each in variables:
            found[each.name] = _agreed(found[each.name], each) if each.name in found else each
    return list(found.values())


def _shown(name: str, value: Value) -> bool:
    return not isinstance(value, Library | ProjectFile) and not name.startswith("__")


def _agreed(left: Variable, right: Variable) -> Variable:
    """What two runs of a line agree on."""
    if left == right:
        return left
    same = {each.name: getattr(left, each.name) if getattr(left, each.name) == getattr(right, each.name) else "" for each in fields(Variable)}
    return Variable(**{**same, "kind": same["kind"] or f"{left.kind} or {right.kind}"})


def describe(name: str, value: Value) -> Variable:
    """A value's facts in words."""
    match value:
        case Tensor():
            kept = value.requires_grad and value.leaf if None not in (value.requires_grad, value.leaf) else None
            activation = value.activation
            along = f" (dim {activation.dim})" if activation and activation.dim is not None else ""
            return Variable(
                name,
                "Parameter" if value.parameter else "Tensor",
                "" if value.shape is None else show_shape(value.shape),
                value.dtype or "",
                _yes(value.requires_grad),
                _yes(value.leaf),
                _yes(kept or value.op == "retained" if kept is not None else None),
                f"{activation.kind}{along}" if activation and activation.kind != "other" else "",
            )
        case Array():
            return Variable(name, "array" if value.kind == "ndarray" else "PIL image", "" if value.shape is None else show_shape(value.shape), value.dtype or "")
        case Instance() if is_module(value):
            training = value.store.get("training", True)
            return Variable(name, kind_of(value), mode="" if training is None else "train" if training else "eval")
    return Variable(name, kind_of(value))


def kind_of(value: Value) -> str:
    """What a value is, in a word or two."""
    match value:
        case Tensor():
            return "Tensor"
        case Const():
            text = repr(value.value)
            return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
        case Size():
            return show(value.dim)
        case Instance():
            return value.cls.rpartition(".")[2] if isinstance(value.cls, str) else value.cls.name
        case Tuple():
            return "(" + ", ".join(_element(item) for item in value.items[:6]) + (", …)" if len(value.items) > 6 else ")")
        case List():
            items = value.store.get(ITEMS)
            return "list" if items is None else f"list of {len(items)}"
        case Dict():
            entries = value.store.get(ENTRIES)
            return "dict" if entries is None else f"dict of {len(entries)}"
        case Iteration():
            return f"iterable of {_element(value.element)}"
        case Function() | Method() | Partial():
            return "function"
        case Class():
            return f"class {value.name}"
        case OneOf():
            return " or ".join(dict.fromkeys(_element(each) for each in value.alternatives))
    return "unknown" if isinstance(value, Unknown) else type(value).__name__.lower()


def _element(value: Value) -> str:
    if isinstance(value, Tensor):
        return f"Tensor {show_shape(value.shape)}" if value.shape is not None else "Tensor"
    return kind_of(value)


def _yes(fact: bool | None) -> str:
    return "" if fact is None else "yes" if fact else "no"


def rows(variables: Sequence[Variable]) -> Iterator[tuple[str, ...]]:
    """A table: a header, then a row for each variable, columns of which nothing is known left out."""
    header = ("name", "kind", "shape", "dtype", "requires_grad", "is_leaf", "grad kept", "last activation", "mode")
    names = ("name", "kind", "shape", "dtype", "requires_grad", "is_leaf", "grad", "activation", "mode")
    kept = [index for index, field in enumerate(names) if any(getattr(each, field) for each in variables)]
    yield tuple(header[index] for index in kept)
    for each in variables:
        yield tuple(getattr(each, names[index]) for index in kept)
