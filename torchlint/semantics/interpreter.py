"""The interpretation of a program: every file, function and method is run over abstract values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from torchlint.project.program import Program
from torchlint.semantics.accumulation import Gathering
from torchlint.semantics.class_facts import ClassDefined, ClassSettled, InitMisspelt, MethodOverridden
from torchlint.semantics.classes import assigned_later, find, is_module_type, library_bases
from torchlint.semantics.evaluation import evaluations
from torchlint.semantics.facts import FileRun
from torchlint.semantics.frame import Frame
from torchlint.semantics.join import join, join_slots
from torchlint.semantics.loaders import loader_orders
from torchlint.semantics.members import misspelt_init, parts_used
from torchlint.semantics.optimizers import misplaced_optimizers
from torchlint.semantics.overriding import overridden
from torchlint.semantics.passes import (
    EvaluationPass,
    Finder,
    LoaderOrder,
    ModeKept,
    OptimizerMisplaced,
    OutOfOrder,
    Run,
    StateCarried,
    TrainingStep,
)
from torchlint.semantics.statements import Statements
from torchlint.semantics.thresholds import Thresholds
from torchlint.semantics.trail import MISSING
from torchlint.semantics.training import modes_kept, out_of_order, states_carried, training_steps
from torchlint.semantics.values import (
    NONE,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    List,
    ModuleStore,
    OneOf,
    Size,
    Store,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.syntax.tree import Tree
from torchlint.torch_api.lightning import LIGHTNING, STEPS

_FINDERS: dict[type, Finder] = {
    EvaluationPass: evaluations,
    TrainingStep: training_steps,
    OutOfOrder: out_of_order,
    ModeKept: modes_kept,
    StateCarried: states_carried,
    OptimizerMisplaced: misplaced_optimizers,
    LoaderOrder: loader_orders,
}


def interpret(
    program: Program,
    trees: Mapping[str, Tree],
    wanted: frozenset[type],
    emit: Callable[[object], None],
    calls: frozenset[str] | None = None,
    about: Mapping[type, tuple[type, ...]] | None = None,
) -> None:
    """Run a program abstractly and give `emit` each fact of a wanted type; of calls, those of these bare names.

    Of facts about values, `about` says of which kinds of value they are wanted; of all, where it says nothing.

    Files are run first, with all that their top level calls; then whatever no code of the
    program calls is run on its own, with arguments of which nothing is known.
    """
    Interpreter(program, trees, wanted, emit, calls, about).run()


class Interpreter(Gathering, Thresholds, Statements):
    """Runs whole files, and what nobody calls."""

    # The attributes of the last instance that was made alone, as its `__init__` left them.
    _as_made: Mapping[str, Value] = {}

    def run(self) -> None:
        order = [path for path in self.program.entries if path in self.files]
        for path in order:
            self.exhausted = False
            self.run_file(path)
        for path in order:
            self.exhausted = self.files[path].exhausted
            self.run_uncalled(path)
        self.tell_thresholded()
        for fact in self.later:
            self.emit(replace(fact, picks_device=self.picks_device))
        used = frozenset[str]().union(*(parts_used(file.tree.module) for file in self.files.values())) if self.settled else frozenset()
        for settled in self.settled:
            self.emit(replace(settled, trained=frozenset(self.trained), used=used))
        for found in self.passes.facts():
            self.emit(found)

    def run_file(self, path: str) -> Store:
        state = self.files.get(path)
        if state is None:
            return {}
        if state.status != "new":
            self.exhausted = self.exhausted or state.exhausted
            return state.globals
        if self.untaken:
            return {}
        state.status = "running"
        importer, self.exhausted = self.exhausted, False
        kept = (self.frame, self.grad, self.arms, self.budget, self.trace, self.rounds, self.applying)
        self.applying, self.arms = 0, ()
        # A file runs once, whichever arm of a branch comes to import it first: leaving that arm undoes nothing of it.
        log, self.trail.log = self.trail.log, []
        self.frame = Frame(state.tree, state.globals, (), mark=self.trail.mark(), depth=min(self.frame.depth, 4))
        entry = self.entry
        self.begin_entry()
        state.globals["__name__"] = Unknown()
        gathered, self.gathered = self.gathered, []
        self.guarded(lambda: self.execute(state.tree.module.body))
        self.tell_gathered()
        self.gathered = gathered
        if FileRun in self.wanted:
            self.emit(FileRun(self.site(state.tree.module), self.frame, True, tuple(self.trace)))
        self.note_passes()
        self.trail.log = log
        self.frame, self.grad, self.arms, self.budget, self.trace, self.rounds, self.applying = kept
        self.entry = entry
        state.status, state.exhausted = "done", self.exhausted
        # What a file made may lack what its budget left out, wherever it is used.
        self.exhausted = importer or state.exhausted
        return state.globals

    def note_passes(self) -> None:
        finders = tuple(find for kind, find in _FINDERS.items() if kind in self.wanted)
        if finders:
            self.passes.add(Run(tuple(self.trace), self.left, self.trail.log), finders)

    def guarded(self, action: Callable[[], object]) -> None:
        """Run; code nested beyond all measure ends what it is part of, and nothing else."""
        frame = self.frame
        try:
            action()
        except RecursionError:
            self.frame = frame

    def run_uncalled(self, path: str) -> None:
        state = self.files[path]
        for function in _functions(state.globals, path):
            if function.node not in self.called:
                self._on_its_own(lambda function=function: self._run_alone(function, None))  # type: ignore[misc]
        for cls in _classes(state.globals, path):
            self._on_its_own(lambda cls=cls: self._run_class(cls))  # type: ignore[misc]
        for node in _inner_definitions(state.tree.module, self.called):
            self._on_its_own(lambda node=node: self._run_unseen(node, state.tree, state.globals))  # type: ignore[misc]

    def _on_its_own(self, action: Callable[[], None]) -> None:
        """Run something whose objects nothing else sees: what it left out is missed nowhere else."""
        exhausted = self.exhausted
        action()
        self.exhausted = exhausted

    def _run_alone(self, function: Function, receiver: Value | None) -> None:
        self.called.add(function.node)
        self.begin_entry()
        self.grad = self._grad_of_calls(function)
        tree = self.files[function.path].tree
        self.frame = Frame(tree, self.files[function.path].globals, ())
        mark = self.trail.mark()
        self.guarded(lambda: self.run_function(function, receiver, None, {}, function.node, alone=True))
        self.tell_gathered()
        self.note_passes()
        if receiver is None:
            self.trail.undo(mark)

    def run_steps(self, model: Instance, names: Sequence[str], node: ast.AST) -> None:
        """What a trainer does: it calls these methods of a model, each with a batch, any number of times."""
        for name in names:
            step = find(model.cls, name) if isinstance(model.cls, Class) else None
            if isinstance(step, Function) and isinstance(model.cls, Class) and is_lightning(model.cls):
                self.called.add(step.node)
                self._run_apart(step, model, node)

    def _run_apart(self, step: Function, model: Instance, node: ast.AST) -> None:
        kept = (self.frame, self.grad, self.arms, self.budget, self.trace, self.rounds, self.applying, self.entry)
        gathered, self.gathered = self.gathered, []
        self.begin_entry()
        self.grad, self.applying = STEPS[step.name], 0
        mark = self.trail.mark()
        self.guarded(lambda: self.run_function(step, model, None, {}, node, alone=True))
        self.tell_gathered()
        self.note_passes()
        after = self.trail.delta(mark)
        self.trail.undo(mark)
        self.trail.merge([{}, after], join_slots)
        self.gathered = gathered
        self.frame, self.grad, self.arms, self.budget, self.trace, self.rounds, self.applying, self.entry = kept

    def _grad_of_calls(self, function: Function) -> bool | None:
        """Whether gradients are on where the program calls a function, as far as those calls were not run."""
        if function.owner is not None and function.name in STEPS and is_lightning(function.owner):
            return STEPS[function.name]
        grads = self.left_out.get(function.node, {True})
        return next(iter(grads)) if len(grads) == 1 else None

    def _run_class(self, cls: Class) -> None:
        """Each method that nobody calls, on an instance made with unknown arguments."""
        methods = [(name, value) for name, value in cls.namespace.items() if isinstance(value, Function) and value.owner is cls]
        uncalled = [(name, value) for name, value in methods if value.node not in self.called]
        module = is_module_type(cls)
        if module and MethodOverridden in self.wanted:
            tree = self.files[cls.path].tree
            self.frame = Frame(tree, self.files[cls.path].globals, ())
            for method, silent in overridden(cls):
                self.emit(MethodOverridden(self.site(method.node), self.frame, True, method.name, silent))
        if module and InitMisspelt in self.wanted:
            self._init_misspelt(cls)
        asked = ClassDefined in self.wanted or ClassSettled in self.wanted
        inherited = _inherited_steps(cls) if module else []
        if not uncalled and not inherited and not (module and asked):
            return
        instance = self._made_alone(cls)
        if module and ClassSettled in self.wanted:
            self.frame = Frame(self.files[cls.path].tree, self.files[cls.path].globals, ())
            self.settled.append(ClassSettled(self.site(cls.node), self.frame, True, cls, instance, self._as_made))
        if module and ClassDefined in self.wanted:
            tree = self.files[cls.path].tree
            self.frame = Frame(tree, self.files[cls.path].globals, ())
            self.emit(ClassDefined(self.site(cls.node), self.frame, True, cls, instance))
        for name, function in uncalled:
            if name != "__init__" and function.node not in self.called:
                self._run_method(function, instance)
        for step in inherited:
            self._run_method(step, instance)

    def _init_misspelt(self, cls: Class) -> None:
        method = misspelt_init(cls)
        if method is not None and not self.attribute_is_read(method.name):
            tree = self.files[cls.path].tree
            self.frame = Frame(tree, self.files[cls.path].globals, ())
            self.emit(InitMisspelt(self.site(method), self.frame, True, cls, method.name))

    def _made_alone(self, cls: Class) -> Instance:
        tree = self.files[cls.path].tree
        self.frame = Frame(tree, self.files[cls.path].globals, ())
        self.begin_entry()
        instance = Instance(cls, ModuleStore() if is_module_type(cls) else {}, {}, self.site(cls.node))
        init = find(cls, "__init__")
        if isinstance(init, Function):
            own = init.node in self.called
            self.guarded(lambda: self.run_function(init, instance, None, {}, cls.node, alone=True))
            if not own:
                self.called.add(init.node)
        else:
            made: list[Value] = []
            self.guarded(lambda: made.append(self.instantiate(cls, None, {}, cls.node)))
            instance = made[0] if made and isinstance(made[0], Instance) else instance
        self.trail.set(instance.store, "training", None)
        self._as_made = {name: value for name, value in instance.store.items() if isinstance(name, str) and isinstance(value, Value)}
        for name in assigned_later(cls):
            held = instance.store.get(name, MISSING)
            shared = find(cls, name) if held is MISSING else None
            if isinstance(held, Const | Size | Tensor) or isinstance(shared, Const | List | Tuple | Dict):
                self.trail.set(instance.store, name, Unknown())
        return instance

    def _run_method(self, function: Function, instance: Instance) -> None:
        """Run a method; what it leaves on the instance is joined with what was there."""
        before = dict(instance.store)
        self._run_alone(function, instance)
        for key, value in list(instance.store.items()):
            old = before.get(key, MISSING)
            if isinstance(value, Value) and value is not old:
                if isinstance(old, Value):
                    value = join(old, value)
                if isinstance(value, Const | Size | Tensor) or (isinstance(value, OneOf) and NONE in value.alternatives and old is MISSING):
                    value = Unknown()
                self.trail.set(instance.store, key, value)
        self.trail.set(instance.store, "training", None)

    def _run_unseen(self, node: ast.FunctionDef | ast.AsyncFunctionDef, tree: Tree, scope: Store) -> None:
        """A function inside another one that was never run: its closure is unknown."""
        function = Function(node, tree.path, (scope,), {})
        self._run_alone(function, None)


def _functions(store: Store, path: str) -> Iterator[Function]:
    for value in list(store.values()):
        for each in value.alternatives if isinstance(value, OneOf) else (value,):
            if isinstance(each, Function) and each.path == path and each.owner is None and not isinstance(each.node, ast.Lambda):
                yield each


def _classes(store: Store, path: str) -> Iterator[Class]:
    seen: set[int] = set()
    for value in list(store.values()):
        for each in value.alternatives if isinstance(value, OneOf) else (value,):
            if isinstance(each, Class) and each.path == path and id(each.node) not in seen:
                seen.add(id(each.node))
                yield each
                yield from _classes(each.namespace, path)


def is_lightning(cls: Class) -> bool:
    return not LIGHTNING.isdisjoint(library_bases(cls))


def _inherited_steps(cls: Class) -> list[Function]:
    """The steps that a trainer calls which a LightningModule has from a class of the program."""
    found = [find(cls, name) for name in STEPS] if is_lightning(cls) else []
    return [each for each in found if isinstance(each, Function) and each.owner is not cls]


def _inner_definitions(module: ast.Module, called: set[ast.AST]) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Plain functions of a file's top level that were shadowed by later ones of their name."""
    return [node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node not in called]
