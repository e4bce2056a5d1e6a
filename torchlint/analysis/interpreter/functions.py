"""Functions of the program: their parameters are bound, their bodies run, their ways out joined."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from torchlint.analysis.facts.autograd_functions import is_function
from torchlint.analysis.facts.statements import Returned
from torchlint.analysis.interpreter.annotations import from_annotation, note_annotated_shapes
from torchlint.analysis.interpreter.escape import call_unknown, changed_by, changed_in
from torchlint.analysis.interpreter.parameters import parameters_of
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.machine.outcome import Outcome
from torchlint.analysis.values.abstract import (
    MORE,
    NONE,
    TRUE,
    UNKNOWN,
    Class,
    Const,
    Dict,
    Frame,
    Function,
    Instance,
    Iteration,
    Library,
    Method,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import decorated, is_module, method_kind, running_forward
from torchlint.analysis.values.contents import contents_change
from torchlint.analysis.values.extent import within_bounds
from torchlint.analysis.values.join import join_all, join_slots
from torchlint.analysis.values.store import ELEMENT, ENTRIES, INITIALIZED, Locals, Store
from torchlint.analysis.values.written.callers import called_guarded, calls_by_guard
from torchlint.syntax.index import own

_NO_GRAD = frozenset({"torch.no_grad", "torch.inference_mode"})
GRADIENT_MODES = _NO_GRAD | {"torch.enable_grad", "torch.set_grad_enabled"}
_SWITCHES = ("no_grad", "inference_mode", "set_grad_enabled")
# A call near the entry point leaves its caller a part of the budget: what follows the loading of data is run as well.
_LEAVES = 4
_NEAR = 2


def run_function(
    machine: Machine,
    function: Function,
    receiver: Value | None,
    positional: Sequence[Value] | None,
    keywords: Mapping[str, Value],
    node: ast.AST,
    alone: bool = False,
) -> Value:
    """Run a function of the program with these arguments (None: unknown ones) and give its result."""
    machine.charge()
    machine.touched.add(function.path)
    if not alone and machine.budget > 0:
        machine.coverage.called.add(function.node)
    if receiver is None and function.owner is not None and positional and not decorated(function.node, "staticmethod"):
        receiver = positional[0] if isinstance(positional[0], Instance) else None
        positional = positional[1:] if receiver is not None else positional
    if isinstance(receiver, Instance) and isinstance(receiver.cls, Class) and (method_kind(function) == "class" or function.name == "__new__"):
        receiver = receiver.cls
    if not alone and (machine.budget <= 0 or machine.frame.depth >= machine.limits.calls or _running(machine, function) >= machine.limits.same_function):
        return _left_out(machine, function, receiver, positional or (), keywords, node)
    locals_ = _bind(machine, function, receiver, positional, keywords, alone)
    key = _key(machine, function, receiver, locals_) if machine.limits.remembered and positional is not None and not alone else None
    known = machine.unit.outcomes.get(key) if key else None
    if known is not None and _still_holds(machine, known, function, receiver):
        machine.charge(len(known.events))
        if machine.budget <= 0:
            return _left_out(machine, function, receiver, positional or (), keywords, node)
        machine.trace.extend(event.rebased(known.base, machine.arms, known.inside, machine.rounds) for event in known.events)
        machine.torch.layer_grads |= known.layer_grads
        for name in known.taken:
            machine.turned_out.is_tensor(locals_[name])
        return known.result
    doubtful = {name: value for name, value in locals_.items() if machine.turned_out.is_open(value)} if key else {}
    given = tuple(locals_.values())
    version, start, base = machine.trail.version, len(machine.trace), len(machine.arms)
    before, machine.torch.layer_grads = machine.torch.layer_grads, set()
    result = _run(machine, function, receiver, locals_, node, alone)
    inside, machine.torch.layer_grads = machine.torch.layer_grads, before | machine.torch.layer_grads
    if key is not None and version == machine.trail.version:
        events = tuple(machine.trace[start:])
        taken = frozenset(name for name, value in doubtful.items() if not machine.turned_out.is_open(value))
        machine.unit.outcomes[key] = Outcome(version, machine.trail.module_version, result, events, base, len(machine.rounds), frozenset(inside), taken, given)
    return result


def _left_out(
    machine: Machine, function: Function, receiver: Value | None, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    """What is known of a call that is not run: it is too deep, or there is no budget for it."""
    if function.name == "__init__" and isinstance(receiver, Instance):
        machine.trail.set(receiver.store, INITIALIZED, TRUE)
    if machine.budget <= 0:
        machine.exhausted = True
        machine.coverage.left_out.setdefault(function.node, set()).add(machine.grad)
    callee = Method(receiver, function) if isinstance(receiver, Instance) else function
    for each in (*positional, *keywords.values(), *changed_by(callee)):
        contents_change(machine.trail, each)
    held = () if receiver is None or (function.name == "forward" and is_module(receiver)) else (receiver,)
    machine.event("opaque", node, function, (*positional, *held, *keywords.values()))
    return call_unknown(machine, function, (*positional, *held), keywords, node)


def _still_holds(machine: Machine, known: Outcome, function: Function, receiver: Value | None) -> bool:
    """Whether nothing was written since that the function may read; a module's forward reads modules alone."""
    if function.name == "forward" and is_module(receiver):
        return known.module_version == machine.trail.module_version
    return known.version == machine.trail.version


def _running(machine: Machine, function: Function) -> int:
    count = 0
    frame: Frame | None = machine.frame
    while frame is not None:
        count += frame.function is not None and frame.function.node is function.node
        frame = frame.caller
    return count


def _run(
    machine: Machine, function: Function, receiver: Value | None, locals_: Store, node: ast.AST, alone: bool
) -> Value:
    tree = machine.files[function.path].tree
    caller = machine.frame
    frame = Frame(
        tree,
        locals_,
        function.scopes,
        function,
        receiver,
        caller,
        node,
        alone,
        mark=machine.trail.mark(),
        depth=caller.depth + 1,
        trace_start=len(machine.trace),
        cost=machine.cost_of(function.node),
    )
    machine.frame = frame
    applied, machine.torch.applied_at = machine.torch.applied_at, None
    before = machine.grad
    guard = _guard(function, alone)
    if guard is not None:
        machine.grad = guard
    elif alone and machine.grad and _called_without_gradients(machine, function):
        machine.grad, guard = None, True
    kept = 0 if alone or not (frame.depth <= _NEAR or _part_of_model(caller)) else max(machine.budget, 0) // _LEAVES
    machine.budget -= kept
    try:
        result = _body(machine, frame, function)
    finally:
        machine.budget = max(machine.budget, 0) + kept if kept else machine.budget
        machine.frame = caller
        machine.torch.applied_at = applied
        if guard is not None:
            machine.grad = before
    if isinstance(result, machine.wanted_values.get(Returned, ())):
        events = tuple(machine.trace[frame.trace_start :])
        machine.emit(Returned(frame.site(function.node), frame, machine.grad, function, receiver, result, events, machine.arms))
    return result


def _body(machine: Machine, frame: Frame, function: Function) -> Value:
    if isinstance(function.node, ast.Lambda):
        return machine.eval(function.node.body)
    live = machine.execute(function.node.body)
    if _is_generator(machine, function.node):
        element = join_all([value for value, _ in frame.yields])
        grads = {grad for _, grad in frame.yields}
        _leave(machine, frame, live)
        # How far it runs, and when, is up to who goes through it.
        for held in list(changed_in(function.node, frame)):
            contents_change(machine.trail, held)
        return Iteration(element, function, grads.pop() if len(grads) == 1 else None)
    return _leave(machine, frame, live)


def _leave(machine: Machine, frame: Frame, live: bool) -> Value:
    """Join the ways out of a function; its result."""
    exits = frame.exits
    if live:
        if not exits:
            return NONE
        exits.append((NONE, None, len(machine.trail.log)))
    if not exits:
        return Unknown(frame.site(frame.function.node)) if frame.function else UNKNOWN
    if len(exits) == 1 and len(machine.trail.log) == exits[0][2]:
        return exits[0][0]
    deltas = [machine.trail.delta(frame.mark) if delta is None else delta for _, delta, _ in exits]
    machine.trail.undo(frame.mark)
    machine.trail.merge(deltas, join_slots)
    return join_all([value for value, _, _ in exits])


def leave_with(machine: Machine, value: Value, node: ast.Return) -> None:
    """`return value`; after a function's last statement the state is still there when the ways out are joined."""
    function = machine.frame.function
    last = function is not None and isinstance(function.node.body, list) and function.node.body[-1] is node
    machine.frame.exits.append((value, None if last else machine.trail.delta(machine.frame.mark), len(machine.trail.log)))


def _guard(function: Function, alone: bool) -> bool | None:
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


def _called_without_gradients(machine: Machine, function: Function) -> bool:
    """Whether all calls of a name that the program writes are under `torch.no_grad()`, and there are some, though none leads here."""
    if function.name in ("forward", "__init__", "<lambda>"):
        return False
    path, name = function.path, function.name
    if not machine.called_under(path, _SWITCHES, name, lambda module: name in called_guarded(module)):
        return False
    return not machine.any_around("calls with gradients", path, (name,), lambda module: True in calls_by_guard(module).get(name, frozenset()))


def _is_generator(machine: Machine, node: ast.AST) -> bool:
    known = machine.memo.generators.get(node)
    if known is None:
        tree = machine.frame.tree
        if tree.module not in machine.memo.generators:
            machine.memo.generators[tree.module] = "yield" in tree.source.text
        known = machine.memo.generators[tree.module] and _yields(node)
        machine.memo.generators[node] = known
    return known


def _key(machine: Machine, function: Function, receiver: Value | None, locals_: Store) -> tuple[Any, ...] | None:
    if len(function.scopes) > 1:
        # What a closure holds is not among the arguments.
        return None
    parts = map(fingerprint, locals_.values())
    return (id(function.node), id(receiver.store) if isinstance(receiver, Instance) else None, machine.grad, *parts)


def _bind(
    machine: Machine,
    function: Function,
    receiver: Value | None,
    positional: Sequence[Value] | None,
    keywords: Mapping[str, Value],
    alone: bool,
) -> Store:
    parameters = parameters_of(function.node)
    names = parameters.positional
    bound: Store = Locals()
    if receiver is not None and names and not parameters.static:
        bound[names[0]] = receiver
        names = names[1:]
    rest = dict(keywords)
    more = rest.pop(MORE, None) is not None
    given = positional or ()
    for index, name in enumerate((*names, *parameters.named)):
        if index < len(given) and index < len(names):
            bound[name] = given[index]
        elif name in rest:
            bound[name] = rest.pop(name)
        elif name in function.defaults and positional is not None and not alone and not more:
            bound[name] = function.defaults[name]
        else:
            bound[name] = from_annotation(machine, parameters.annotations[name], function, function.defaults.get(name))
    for name, value in bound.items():
        bound[name] = within_bounds(value, machine.frame, function.node)
    note_annotated_shapes(machine, bound, parameters.shaped, function)
    if parameters.rest is not None:
        extra = within_bounds(Tuple(tuple(given[len(names) :])), machine.frame, function.node)
        bound[parameters.rest] = extra if positional is not None and not alone else Iteration(UNKNOWN)
    if parameters.rest_by_name is not None:
        entries = None if positional is None or alone or more else {k: v for k, v in rest.items() if k not in bound}
        bound[parameters.rest_by_name] = within_bounds(Dict({ENTRIES: entries, ELEMENT: UNKNOWN}), machine.frame, function.node)
    return bound


def _part_of_model(caller: Frame) -> bool:
    """Whether what is called is a step of a whole model's forward."""
    return running_forward(caller) is caller and (caller.caller is None or running_forward(caller.caller) is None)


def _yields(node: ast.AST) -> bool:
    """Whether a function's own body yields."""
    return not isinstance(node, ast.Lambda) and next(own(node, ast.Yield, ast.YieldFrom), None) is not None


def fingerprint(value: Any, known: dict[int, Any] | None = None) -> Any:
    """Equal for arguments that a function cannot tell apart; of a tuple that is `known` its place among those stands for it."""
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
            known = {} if known is None else known
            if id(value) not in known:
                known[id(value)] = len(known)
                return tuple(fingerprint(item, known) for item in value.items)
            return ("tuple", known[id(value)])
        case Instance():
            return id(value.store)
        case Unknown():
            return "?"
        case Method():
            return (id(value.receiver), id(value.function.node))
        case Function():
            return (id(value.node), tuple(map(id, value.scopes)))
    return id(value)
