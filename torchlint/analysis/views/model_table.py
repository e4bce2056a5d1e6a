"""A model's table: its layers in the order in which data passes them, what comes out, what they hold, what does not fit."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from torchlint.analysis.entries import run_uncalled
from torchlint.analysis.library.torch.layers import arguments_of
from torchlint.analysis.library.torch.shapes import plain
from torchlint.analysis.values.abstract import (
    Class,
    Frame,
    Function,
    Instance,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import (
    children,
    find,
    is_module,
    is_module_type,
    layer_of,
    named_modules,
)
from torchlint.analysis.values.store import FIXED
from torchlint.analysis.views.tracing import Application, Making, Tracer
from torchlint.diagnostic import Place
from torchlint.project.program import Program
from torchlint.syntax.tree import Tree
from torchlint.torch_api.dims import Dim, show_shape
from torchlint.torch_api.weights import parameter_count

_MOST_FILES = 40


class NoModel(Exception):
    """There is no such model, or it is not plain which one is meant; the text says so to a person."""


@dataclass(frozen=True, slots=True)
class Row:
    """One application of a layer: `output` is its shape as text, empty where it is not known.

    `parameters` is None where their number is not known; a layer that is applied again has `again` set.
    `inputs` are the rows, by number, that the data comes from; none where that is the model's own input.
    """

    name: str
    kind: str
    output: str
    parameters: int | None
    trainable: bool
    place: Place
    again: bool = False
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Where the data stops fitting: after how many rows, in which layer or operation, why, and where that is written."""

    after: int
    name: str
    reason: str
    place: Place


@dataclass(frozen=True, slots=True)
class ModelTable:
    """All that is known of one model applied to one input; `unknown` are constructor's arguments that nobody gives."""

    name: str
    inputs: tuple[str, ...]
    output: str
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    idle: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def total(self) -> int:
        """The parameters that are known, each counted once."""
        return sum(row.parameters or 0 for row in self.rows if not row.again)

    @property
    def trained(self) -> int:
        """Those of them that an optimizer may change."""
        return sum(row.parameters or 0 for row in self.rows if not row.again and row.trainable)

    @property
    def complete(self) -> bool:
        """Whether the parameters of every row are known."""
        return all(row.parameters is not None for row in self.rows)


def tables(
    program: Program, trees: Mapping[str, Tree], path: str, name: str | None = None, inputs: Sequence[Sequence[Dim]] = ()
) -> list[ModelTable]:
    """The table of the model of that name in a file, or of each model class that no other one there is made of."""
    tracer = Tracer(program, trees)
    # Of a large program only what the file itself runs is looked at.
    for each in [path, *(other for other in trees if other != path and len(trees) <= _MOST_FILES)]:
        tracer.machine.run_file(each)
        run_uncalled(tracer.machine, each)
    if name is not None:
        tracer.machine.global_value(path, name)
    held = tracer.machine.files[path].globals
    return [_table(tracer, path, each, inputs) for each in _chosen(held, path, name)]


def _chosen(held: Mapping[object, object], path: str, name: str | None) -> list[str]:
    """The names of the models that are meant."""
    classes = [str(key) for key, value in held.items() if isinstance(value, Class) and value.path == path and is_module_type(value) and find(value, "forward")]
    if name is not None:
        value = held.get(name)
        if isinstance(value, Class) and not is_module_type(value):
            raise NoModel(f"`{name}` is a class, but no nn.Module")
        if isinstance(value, Class | Function) or (isinstance(value, Instance) and is_module(value)):
            return [name]
        known = f"; it has {_listed(classes)}" if classes else ""
        raise NoModel(f"there is no model `{name}` in {path}{known}")
    if not classes:
        raise NoModel(f"there is no nn.Module with a forward in {path}")
    used = {each.id for key in classes for each in ast.walk(held[key].node) if isinstance(each, ast.Name)}  # type: ignore[attr-defined]
    return [key for key in classes if key not in used] or classes


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{each}`" for each in names)


def _table(tracer: Tracer, path: str, name: str, inputs: Sequence[Sequence[Dim]]) -> ModelTable:
    tree = tracer.machine.files[path].tree
    held = tracer.machine.files[path].globals
    node = tree.module
    tracer.machine.frame = Frame(tree, held, ())
    model, unknown = _made(tracer, held[name], name, node)
    forward = find(model.cls, "forward") if isinstance(model.cls, Class) else None
    if inputs:
        _count_inputs(name, forward, len(inputs))
    given: Sequence[Value] = [Tensor(shape=tuple(each), requires_grad=False, leaf=True) for each in inputs]
    given = given or _said(tracer, model) or [Unknown() for _ in _required(forward)]
    result = tracer.follow(model, given, node)
    return _told(tracer, name, model, given, result, unknown)


def _count_inputs(name: str, forward: Value | None, count: int) -> None:
    """Raise where a model does not take that many inputs."""
    needed = _required(forward)
    if not isinstance(forward, Function) or forward.node.args.vararg is not None:
        return
    most = len(forward.node.args.posonlyargs) + len(forward.node.args.args) - 1
    if not len(needed) <= count <= most:
        raise NoModel(f"`{name}.forward` takes {_listed(needed) or 'no input'}, but {count} {'was' if count == 1 else 'were'} given; write one --input for each")


def _made(tracer: Tracer, value: Value, name: str, node: ast.AST) -> tuple[Instance, tuple[str, ...]]:
    """The model: as the program makes it where it does, else with the defaults; and the arguments that nobody gives."""
    if isinstance(value, Instance):
        return value, ()
    missing = _required(find(value, "__init__") if isinstance(value, Class) else value)
    makings = [each for each in tracer.makings if isinstance(value, Class) and each.cls.node is value.node]
    making = min(makings, key=lambda each: len(_not_known(each, missing)), default=None)
    if making is not None:
        missing = tuple(_not_known(making, missing))
    given = making.positional if making is not None else [Unknown() for _ in missing]
    model = tracer.make(value, given, making.keywords if making is not None else {}, node)
    if not isinstance(model, Instance) or not is_module(model):
        raise NoModel(f"`{name}` gives no model that can be followed")
    return model, missing


def _not_known(making: Making, names: Sequence[str]) -> list[str]:
    """The arguments of which a making tells nothing, by name."""
    positional = [name for name, value in zip(names, making.positional, strict=False) if isinstance(value, Unknown)]
    return positional + [name for name, value in making.keywords.items() if isinstance(value, Unknown)]


def _required(function: Value | None) -> tuple[str, ...]:
    """The parameters of a function, but self, that have no default."""
    if not isinstance(function, Function):
        return ()
    arguments = function.node.args
    plain_ones = [each.arg for each in (*arguments.posonlyargs, *arguments.args)][function.owner is not None :]
    return tuple(each for each in (*plain_ones, *(one.arg for one in arguments.kwonlyargs)) if each not in function.defaults)


def _said(tracer: Tracer, model: Instance) -> list[Value] | None:
    """The inputs that the program itself gives a model of this class, where their shapes are known."""
    for each in tracer.uses:
        same = each.module.store is model.store or (isinstance(model.cls, Class) and isinstance(each.module.cls, Class) and each.module.cls.node is model.cls.node)
        if same and each.inputs and all(isinstance(value, Tensor) and value.shape for value in each.inputs):
            return list(each.inputs)
    return None


def _told(
    tracer: Tracer, name: str, model: Instance, given: Sequence[Value], result: Value, unknown: tuple[str, ...]
) -> ModelTable:
    names = {id(module.store): own for own, module in named_modules(model)}
    shown = [each for each in tracer.applications if each.module.store is not model.store and not any(True for _ in children(each.module))]
    rows = tuple(_rows(shown, names, given))
    applied = {id(each.module.store) for each in shown}
    idle = tuple(own for own, module in named_modules(model) if own and not any(True for _ in children(module)) and _parameters(module) and id(module.store) not in applied)
    places = [index for index, each in enumerate(tracer.applications) if each in shown]
    problems = tuple(
        Problem(
            sum(place < misfit.after for place in places),
            names.get(id(misfit.layer.store), "") if isinstance(misfit.layer, Instance) else misfit.operation.rpartition(".")[2],
            misfit.error.reason,
            misfit.site.place,
        )
        for misfit in tracer.misfits
    )
    taken = [each for each in given if _shape(each)] or _found(tracer.applications)
    inputs = tuple(map(_shape, taken))
    return ModelTable(name, inputs, _shape(result), rows, problems, idle, unknown)


def _found(applications: Sequence[Application]) -> Sequence[Value]:
    """What the first layers say of the model's input: a batch of images of so many channels."""
    sources = {id(each): each for one in applications for part in _parts(one.result) for each in getattr(part, "inputs", ()) if isinstance(each, Tensor) and not each.inputs and not each.parameter and _shape(each)}
    return [*{_shape(each): each for each in sources.values()}.values()][:1]


def _rows(shown: Sequence[Application], names: Mapping[int, str], given: Sequence[Value]) -> Iterator[Row]:
    seen: set[int] = set()
    by_result = {id(value): index for index, each in enumerate(shown) for value in _parts(each.result)}
    for each in shown:
        store = each.module.store
        found = layer_of(each.module)
        kind = each.module.cls.name if isinstance(each.module.cls, Class) else each.module.cls.rpartition(".")[2]
        fixed = FIXED in store
        sources = tuple(sorted({source for value in each.inputs for source in _sources(value, by_result)}))
        count = 0 if found is None and isinstance(each.module.cls, Class) else _parameters(each.module)
        yield Row(names.get(id(store), ""), kind, _shape(each.result), count, not fixed, each.site.place, id(store) in seen, sources)
        seen.add(id(store))


def _parts(value: Value) -> Iterator[Value]:
    if isinstance(value, Tuple):
        for each in value.items:
            yield from _parts(each)
    elif isinstance(value, Tensor):
        yield value


def _sources(value: Value, by_result: Mapping[int, int]) -> Iterator[int]:
    """The rows that a value was made from, through what is no layer."""
    pending, seen = [value], set[int]()
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if id(each) in by_result:
            yield by_result[id(each)]
        elif isinstance(each, Tuple):
            pending.extend(each.items)
        elif isinstance(each, Tensor):
            pending.extend(each.inputs)


def _parameters(module: Instance) -> int | None:
    found = layer_of(module)
    if found is None:
        return 0
    arguments = arguments_of(module)
    return parameter_count(found.name, {str(key): plain(value) for key, value in arguments.items()})


def _shape(value: Value) -> str:
    match value:
        case Tensor() if value.shape is not None:
            return show_shape(value.shape)
        case Tensor() if value.tail:
            return f"(…, {', '.join(show_shape((each,))[1:-2] for each in value.tail)})"
        case Tuple():
            parts = [_shape(each) for each in value.items]
            return f"({', '.join(part or '?' for part in parts)})" if any(parts) else ""
    return ""


