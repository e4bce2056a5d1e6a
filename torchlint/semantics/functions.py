"""Functions of the program: their parameters are bound, their bodies run, their ways out joined."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from torchlint.frozen import dataclass
from torchlint.semantics.annotations import Annotations
from torchlint.semantics.classes import decorated, is_module
from torchlint.semantics.events import Event
from torchlint.semantics.facts import Returned
from torchlint.semantics.frame import Frame
from torchlint.semantics.gradients import is_function
from torchlint.semantics.join import join_all, join_slots
from torchlint.semantics.values import (
    NONE,
    TRUE,
    UNKNOWN,
    Const,
    Dict,
    Function,
    Instance,
    Iteration,
    Library,
    Locals,
    Method,
    Size,
    Store,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.syntax.index import own

_NO_GRAD = frozenset({"torch.no_grad", "torch.inference_mode"})
GRADIENT_MODES = _NO_GRAD | {"torch.enable_grad", "torch.set_grad_enabled"}
# A call near the entry point leaves its caller a part of the budget: what follows the loading of data is run as well.
_LEAVES = 4
_NEAR = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to, kept for the next call with the same arguments; `taken` are those that turned out to be tensors."""

    version: int
    module_version: int
    result: Value
    events: tuple[Event, ...]
    base: int
    inside: int
    layer_grads: frozenset[bool | None]
    taken: frozenset[str]


class Functions(Annotations):
    """Runs what the program defines; a call with the same arguments is not run again."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._outcomes: dict[tuple[Any, ...], Outcome] = {}
        self._generators: dict[ast.AST, bool] = {}
        # Under which guards layers with parameters were applied, in the model that is being applied.
        self.layer_grads: set[bool | None] = set()

    def call_unknown(
        self, callee: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        raise NotImplementedError

    def run_function(
        self,
        function: Function,
        receiver: Value | None,
        positional: Sequence[Value] | None,
        keywords: Mapping[str, Value],
        node: ast.AST,
        alone: bool = False,
    ) -> Value:
        """Run a function of the program with these arguments (None: unknown ones) and give its result."""
        if not alone and self.budget > 0:
            self.called.add(function.node)
        if receiver is None and function.owner is not None and positional and not decorated(function.node, "staticmethod"):
            receiver = positional[0] if isinstance(positional[0], Instance) else None
            positional = positional[1:] if receiver is not None else positional
        if not alone and (self.budget <= 0 or self.frame.depth >= self.limits.calls or self._running(function) >= self.limits.same_function):
            if function.name == "__init__" and isinstance(receiver, Instance):
                self.trail.set(receiver.store, "<init>", TRUE)
            if self.budget <= 0:
                self.exhausted = True
                self.left_out.setdefault(function.node, set()).add(self.grad)
            held = () if receiver is None or (function.name == "forward" and is_module(receiver)) else (receiver,)
            return self.call_unknown(function, (*(positional or ()), *held), keywords, node)
        locals_ = self._bind(function, receiver, positional, keywords, alone)
        key = None if alone or positional is None else self._key(function, receiver, locals_)
        known = self._outcomes.get(key) if key else None
        if known is not None and self._still_holds(known, function, receiver):
            self.trace.extend(event.rebased(known.base, self.arms, known.inside, self.rounds) for event in known.events)
            self.layer_grads |= known.layer_grads
            for name in known.taken:
                self.turned_out.is_tensor(locals_[name])
            return known.result
        doubtful = {name: value for name, value in locals_.items() if self.turned_out.is_open(value)} if key else {}
        version, start, base = self.trail.version, len(self.trace), len(self.arms)
        before, self.layer_grads = self.layer_grads, set()
        result = self._run(function, receiver, locals_, node, alone)
        inside, self.layer_grads = self.layer_grads, before | self.layer_grads
        if key is not None and version == self.trail.version:
            events = tuple(self.trace[start:])
            taken = frozenset(name for name, value in doubtful.items() if not self.turned_out.is_open(value))
            self._outcomes[key] = Outcome(version, self.trail.module_version, result, events, base, len(self.rounds), frozenset(inside), taken)
        return result

    def _still_holds(self, known: Outcome, function: Function, receiver: Value | None) -> bool:
        """Whether nothing was written since that the function may read; a module's forward reads modules alone."""
        if function.name == "forward" and is_module(receiver):
            return known.module_version == self.trail.module_version
        return known.version == self.trail.version

    def _running(self, function: Function) -> int:
        count = 0
        frame: Frame | None = self.frame
        while frame is not None:
            count += frame.function is not None and frame.function.node is function.node
            frame = frame.caller
        return count

    def _run(
        self, function: Function, receiver: Value | None, locals_: Store, node: ast.AST, alone: bool
    ) -> Value:
        tree = self.files[function.path].tree
        caller = self.frame
        frame = Frame(
            tree,
            locals_,
            function.scopes,
            function,
            receiver,
            caller,
            node,
            alone,
            mark=self.trail.mark(),
            depth=caller.depth + 1,
            trace_start=len(self.trace),
            cost=self.cost_of(function.node),
        )
        self.frame = frame
        applied, self.applied_at = self.applied_at, None
        before = self.grad
        guard = self._guard(function, alone)
        if guard is not None:
            self.grad = guard
        kept = 0 if alone or not (frame.depth <= _NEAR or _part_of_model(caller)) else max(self.budget, 0) // _LEAVES
        self.budget -= kept
        try:
            result = self._body(frame, function)
        finally:
            self.budget = max(self.budget, 0) + kept if kept else self.budget
            self.frame = caller
            self.applied_at = applied
            if guard is not None:
                self.grad = before
        if isinstance(result, self.wanted_values.get(Returned, ())):
            events = tuple(self.trace[frame.trace_start :])
            self.emit(Returned(frame.site(function.node), frame, self.grad, function, receiver, result, events, self.arms))
        return result

    def _body(self, frame: Frame, function: Function) -> Value:
        if isinstance(function.node, ast.Lambda):
            return self.eval(function.node.body)
        live = self.execute(function.node.body)
        if self._is_generator(function.node):
            element = join_all([value for value, _ in frame.yields])
            grads = {grad for _, grad in frame.yields}
            self._leave(frame, live)
            return Iteration(element, function, grads.pop() if len(grads) == 1 else None)
        return self._leave(frame, live)

    def _leave(self, frame: Frame, live: bool) -> Value:
        """Join the ways out of a function; its result."""
        exits = frame.exits
        if live:
            if not exits:
                return NONE
            exits.append((NONE, None, len(self.trail.log)))
        if not exits:
            return Unknown(frame.site(frame.function.node)) if frame.function else UNKNOWN
        if len(exits) == 1 and len(self.trail.log) == exits[0][2]:
            return exits[0][0]
        deltas = [self.trail.delta(frame.mark) if delta is None else delta for _, delta, _ in exits]
        self.trail.undo(frame.mark)
        self.trail.merge(deltas, join_slots)
        return join_all([value for value, _, _ in exits])

    def leave_with(self, value: Value, node: ast.Return) -> None:
        """`return value`; after a function's last statement the state is still there when the ways out are joined."""
        function = self.frame.function
        last = function is not None and isinstance(function.node.body, list) and function.node.body[-1] is node
        self.frame.exits.append((value, None if last else self.trail.delta(self.frame.mark), len(self.trail.log)))

    def _guard(self, function: Function, alone: bool) -> bool | None:
        """Gradients off by decorator: `@torch.no_grad()`, `@torch.no_grad`, `@torch.inference_mode()`.

        A method of an autograd Function that nobody calls is called by autograd, with gradients off.
        """
        if alone and function.name in ("forward", "backward") and is_function(function.owner):
            return False
        for decorator in function.decorators:
            name = decorator.name if isinstance(decorator, Library) else getattr(decorator, "cls", None)
            if name in _NO_GRAD:
                return False
            if name == "torch.enable_grad":
                return True
            if name == "torch.set_grad_enabled" and isinstance(decorator, Instance):
                mode = decorator.arguments.get("mode")
                return bool(mode.value) if isinstance(mode, Const) else None
        return None

    def _is_generator(self, node: ast.AST) -> bool:
        known = self._generators.get(node)
        if known is None:
            worth_a_look = "yield" in self.frame.tree.source.text
            known = worth_a_look and _yields(node)
            self._generators[node] = known
        return known

    def _key(self, function: Function, receiver: Value | None, locals_: Store) -> tuple[Any, ...] | None:
        if len(function.scopes) > 1:
            # What a closure holds is not among the arguments.
            return None
        parts = tuple(fingerprint(value) for value in locals_.values())
        return (id(function.node), id(receiver.store) if isinstance(receiver, Instance) else None, self.grad, *parts)

    def _bind(
        self,
        function: Function,
        receiver: Value | None,
        positional: Sequence[Value] | None,
        keywords: Mapping[str, Value],
        alone: bool,
    ) -> Store:
        arguments = function.node.args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        bound: Store = Locals()
        if receiver is not None and names and not decorated(function.node, "staticmethod"):
            bound[names.pop(0)] = receiver
        rest = dict(keywords)
        given = list(positional or ())
        annotations = {each.arg: each.annotation for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        for index, name in enumerate((*names, *(each.arg for each in arguments.kwonlyargs))):
            if index < len(given) and index < len(names):
                bound[name] = given[index]
            elif name in rest:
                bound[name] = rest.pop(name)
            elif name in function.defaults and positional is not None and not alone:
                bound[name] = function.defaults[name]
            else:
                bound[name] = self.from_annotation(annotations.get(name), function)
        self.note_annotated_shapes(bound, annotations, function)
        if arguments.vararg:
            extra = tuple(given[len(names) :])
            bound[arguments.vararg.arg] = Tuple(extra) if positional is not None and not alone else Iteration(UNKNOWN)
        if arguments.kwarg:
            entries = None if positional is None or alone else {k: v for k, v in rest.items() if k not in bound}
            bound[arguments.kwarg.arg] = Dict({"entries": entries, "element": UNKNOWN})
        return bound


def _part_of_model(caller: Frame) -> bool:
    """Whether what is called is a step of a whole model's forward."""
    return caller.forward is caller and (caller.caller is None or caller.caller.forward is None)


def _yields(node: ast.AST) -> bool:
    """Whether a function's own body yields."""
    return not isinstance(node, ast.Lambda) and next(own(node, ast.Yield, ast.YieldFrom), None) is not None


def fingerprint(value: Any) -> Any:
    """Equal for arguments that a function cannot tell apart."""
    match value:
        case Const() | Size() | Library():
            return value
        case Tensor():
            return (
                value.shape,
                value.tail,
                value.dtype,
                value.requires_grad,
                value.leaf,
                value.device,
                value.activation,
                value.role,
                value.layout,
                value.scale,
                value.op,
                id(value.model),
            )
        case Tuple():
            return tuple(fingerprint(item) for item in value.items)
        case Instance():
            return id(value.store)
        case Unknown():
            return "?"
        case Method():
            return (id(value.receiver), id(value.function.node))
        case Function():
            return (id(value.node), tuple(map(id, value.scopes)))
    return id(value)
