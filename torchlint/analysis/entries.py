"""The interpretation of a program: every file, function and method is run over abstract values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from torchlint.analysis.facts.classes import ClassDefined, ClassSettled, InitMisspelt, MethodOverridden
from torchlint.analysis.interpreter.calls import instantiate
from torchlint.analysis.interpreter.files import guarded
from torchlint.analysis.interpreter.functions import run_function
from torchlint.analysis.library.lightning import is_lightning
from torchlint.analysis.library.torch.modules import attribute_is_read
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.machine.unit import Question, Unit
from torchlint.analysis.notes.accumulation import tell_gathered
from torchlint.analysis.notes.passes import note_passes
from torchlint.analysis.notes.thresholds import tell_thresholded
from torchlint.analysis.passes.overriding import overridden
from torchlint.analysis.reach import reaching
from torchlint.analysis.values.abstract import (
    NONE,
    Class,
    Const,
    Dict,
    Frame,
    Function,
    Instance,
    List,
    OneOf,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
    each_of,
)
from torchlint.analysis.values.classes import assigned_later, find, is_module_type
from torchlint.analysis.values.join import join
from torchlint.analysis.values.members import misspelt_init, parts_used
from torchlint.analysis.values.store import ModuleStore, Store
from torchlint.analysis.values.trail import MISSING
from torchlint.project.program import Program
from torchlint.syntax.tree import Tree
from torchlint.torch_api.lightning import STEPS


@dataclass(frozen=True, slots=True)
class Again:
    """What is run again after a change: the entries of these files, and of those that can reach the `changed` ones now.

    `marks` are those that entries left before, by file.
    """

    changed: frozenset[str]
    files: frozenset[str]
    marks: Mapping[str, frozenset[Question]]


def run_program(machine: Machine, again: Again | None = None) -> Mapping[str, Unit]:
    """Run every file, then whatever no code of the program calls, each on its own; tell what the whole has shown.

    Gives what each file's entries used and asked, if they were run.
    """
    entries = _entries(machine, again)
    for path in entries:
        machine.exhausted = False
        machine.run_file(path)
    for path, names in entries.items():
        machine.exhausted = machine.files[path].exhausted
        with machine.on_account_of(path):
            run_uncalled(machine, path, names)
    for unit in machine.units.values():
        unit.marks.update(("trains", *site.mark) for site in unit.passes.training_places.values())
    before = (marks for path, marks in again.marks.items() if path not in entries) if again is not None else ()
    machine.marks = frozenset[Question]().union(*before, *(unit.marks for unit in machine.units.values()))
    for path in list(machine.units):
        with machine.on_account_of(path):
            _tell(machine)
    return {path: machine.units[path] for path in entries}


def _tell(machine: Machine) -> None:
    """Tell what the entries of one file have shown that only the end of the program decides."""
    tell_thresholded(machine)
    pending = machine.unit.pending
    for fact in pending.checkpoints:
        picks = fact.site.path in machine.torch.picking or machine.said_around("is_available", fact.site.path)
        machine.emit(replace(fact, picks_device=picks))
    for settled in pending.classes:
        machine.emit(replace(settled, trained=partial(machine.is_marked, "optimised"), used=partial(_is_used, machine, settled.site.path)))
    for found in machine.unit.passes.facts(partial(machine.is_marked, "trains"), partial(machine.said_around, ".eval(")):
        machine.emit(found)


def _entries(machine: Machine, again: Again | None) -> dict[str, frozenset[str] | None]:
    """The files that are run on their own, the linted ones first, and which of their definitions are; None stands for all."""
    program = machine.program
    order = program.entries
    if again is not None:
        reached = _reaching(machine, replace(program, linted=again.changed))
        run = again.files.union(again.changed, reached)
        return {path: None for path in order if path in run and path in machine.files}
    if program.imports is None or program.linted.issuperset(order):
        return {path: None for path in order if path in machine.files}
    reached = _reaching(machine, program)
    return {path: reached.get(path) for path in order if (path in program.linted or path in reached) and path in machine.files}


def _reaching(machine: Machine, program: Program) -> dict[str, frozenset[str]]:
    return reaching(program, lambda path: state.tree if (state := machine.files.get(path)) is not None else None, machine.index)


def _is_used(machine: Machine, path: str, name: str) -> bool:
    """Whether any file around one uses an attribute of that name."""
    return machine.any_around("part of", path, (name,), lambda module: name in parts_used(module))


def run_uncalled(machine: Machine, path: str, names: frozenset[str] | None = None) -> None:
    """Run each definition of a file that nobody called, on its own; with `names`, just those of the top level that bear one."""
    state = machine.files[path]
    for function in _functions(state.globals, path):
        if function.node not in machine.coverage.called and (names is None or function.name in names):
            _on_its_own(machine, partial(_run_alone, machine, function, None))
    for cls in _classes(state.globals, path, names):
        _on_its_own(machine, partial(_run_class, machine, cls))
    for node in _inner_definitions(state.tree.module, machine.coverage.called):
        if names is None or node.name in names:
            _on_its_own(machine, partial(_run_unseen, machine, node, state.tree, state.globals))


def _on_its_own(machine: Machine, action: Callable[[], None]) -> None:
    """Run something whose objects nothing else sees: what it left out is missed nowhere else."""
    exhausted = machine.exhausted
    action()
    machine.exhausted = exhausted


def _run_alone(machine: Machine, function: Function, receiver: Value | None) -> None:
    machine.coverage.called.add(function.node)
    machine.begin_entry(function.path)
    machine.grad = _grad_of_calls(machine, function)
    tree = machine.files[function.path].tree
    machine.frame = Frame(tree, machine.files[function.path].globals, ())
    mark = machine.trail.mark()
    guarded(machine, lambda: run_function(machine, function, receiver, None, {}, function.node, alone=True))
    tell_gathered(machine)
    note_passes(machine)
    if receiver is None:
        machine.trail.undo(mark)


def _grad_of_calls(machine: Machine, function: Function) -> bool | None:
    """Whether gradients are on where the program calls a function, as far as those calls were not run."""
    if function.owner is not None and function.name in STEPS and is_lightning(function.owner):
        return STEPS[function.name]
    grads = machine.coverage.left_out.get(function.node, {True})
    return next(iter(grads)) if len(grads) == 1 else None


def _run_class(machine: Machine, cls: Class) -> None:
    """Each method that nobody calls, on an instance made with unknown arguments."""
    methods = [(name, value) for name, value in cls.namespace.items() if isinstance(value, Function) and value.owner is cls]
    uncalled = [(name, value) for name, value in methods if value.node not in machine.coverage.called]
    module = is_module_type(cls)
    if module and MethodOverridden in machine.wanted:
        tree = machine.files[cls.path].tree
        machine.frame = Frame(tree, machine.files[cls.path].globals, ())
        for method, silent in overridden(cls):
            machine.emit(MethodOverridden(machine.site(method.node), machine.frame, True, method.name, silent))
    if module and InitMisspelt in machine.wanted:
        _init_misspelt(machine, cls)
    asked = ClassDefined in machine.wanted or ClassSettled in machine.wanted
    inherited = _inherited_steps(cls) if module else []
    if not uncalled and not inherited and not (module and asked):
        return
    instance, as_made = _made_alone(machine, cls)
    if module and ClassSettled in machine.wanted:
        machine.frame = Frame(machine.files[cls.path].tree, machine.files[cls.path].globals, ())
        machine.unit.pending.classes.append(ClassSettled(machine.site(cls.node), machine.frame, True, cls, instance, as_made))
    if module and ClassDefined in machine.wanted:
        tree = machine.files[cls.path].tree
        machine.frame = Frame(tree, machine.files[cls.path].globals, ())
        machine.emit(ClassDefined(machine.site(cls.node), machine.frame, True, cls, instance))
    for name, function in uncalled:
        if name != "__init__" and function.node not in machine.coverage.called:
            _run_method(machine, function, instance)
    for step in inherited:
        _run_method(machine, step, instance)


def _init_misspelt(machine: Machine, cls: Class) -> None:
    method = misspelt_init(cls)
    if method is not None and not attribute_is_read(machine, method.name, cls.path):
        tree = machine.files[cls.path].tree
        machine.frame = Frame(tree, machine.files[cls.path].globals, ())
        machine.emit(InitMisspelt(machine.site(method), machine.frame, True, cls, method.name))


def _made_alone(machine: Machine, cls: Class) -> tuple[Instance, dict[str, Value]]:
    """An instance made with unknown arguments, and its attributes as `__init__` left them, before other methods may have set them."""
    tree = machine.files[cls.path].tree
    machine.frame = Frame(tree, machine.files[cls.path].globals, ())
    machine.begin_entry(cls.path)
    instance = Instance(cls, ModuleStore() if is_module_type(cls) else {}, {}, machine.site(cls.node))
    init = find(cls, "__init__")
    if isinstance(init, Function):
        own = init.node in machine.coverage.called
        guarded(machine, lambda: run_function(machine, init, instance, None, {}, cls.node, alone=True))
        if not own:
            machine.coverage.called.add(init.node)
    else:
        made: list[Value] = []
        guarded(machine, lambda: made.append(instantiate(machine, cls, None, {}, cls.node)))
        instance = made[0] if made and isinstance(made[0], Instance) else instance
    machine.trail.set(instance.store, "training", None)
    as_made = {name: value for name, value in instance.store.items() if isinstance(name, str) and isinstance(value, Value)}
    for name in assigned_later(cls):
        held = instance.store.get(name, MISSING)
        shared = find(cls, name) if held is MISSING else None
        if isinstance(held, Const | Size | Tensor) or isinstance(shared, Const | List | Tuple | Dict):
            machine.trail.set(instance.store, name, Unknown())
    return instance, as_made


def _run_method(machine: Machine, function: Function, instance: Instance) -> None:
    """Run a method; what it leaves on the instance is joined with what was there."""
    before = dict(instance.store)
    _run_alone(machine, function, instance)
    for key, value in list(instance.store.items()):
        old = before.get(key, MISSING)
        if isinstance(value, Value) and value is not old:
            if isinstance(old, Value):
                value = join(old, value)
            if isinstance(value, Const | Size | Tensor) or (isinstance(value, OneOf) and NONE in value.alternatives and old is MISSING):
                value = Unknown()
            machine.trail.set(instance.store, key, value)
    machine.trail.set(instance.store, "training", None)


def _run_unseen(machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, tree: Tree, scope: Store) -> None:
    """A function inside another one that was never run: its closure is unknown."""
    function = Function(node, tree.path, (scope,), {})
    _run_alone(machine, function, None)


def _functions(store: Store, path: str) -> Iterator[Function]:
    for value in list(store.values()):
        for each in each_of(value):
            if isinstance(each, Function) and each.path == path and each.owner is None and not isinstance(each.node, ast.Lambda):
                yield each


def _classes(store: Store, path: str, names: frozenset[str] | None = None) -> Iterator[Class]:
    seen: set[int] = set()
    for value in list(store.values()):
        for each in each_of(value):
            if isinstance(each, Class) and each.path == path and id(each.node) not in seen and (names is None or each.name in names):
                seen.add(id(each.node))
                yield each
                yield from _classes(each.namespace, path)


def _inherited_steps(cls: Class) -> list[Function]:
    """The steps that a trainer calls which a LightningModule has from a class of the program."""
    found = [find(cls, name) for name in STEPS] if is_lightning(cls) else []
    return [each for each in found if isinstance(each, Function) and each.owner is not cls]


def _inner_definitions(module: ast.Module, called: set[ast.AST]) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Plain functions of a file's top level that were shadowed by later ones of their name."""
    return [node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node not in called]
