"""Calls: arguments are evaluated, the callee is found, functions of the program are run."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from torchlint.analysis.facts.autograd_functions import (
    FunctionBypassed,
    function_instance,
    in_function,
    is_function,
)
from torchlint.analysis.facts.calls import ForwardCall, ValueCalled
from torchlint.analysis.interpreter.escape import call_unknown
from torchlint.analysis.interpreter.expressions import starred_or_one
from torchlint.analysis.interpreter.functions import GRADIENT_MODES, run_function
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.misuse import bad_argument, used_as_model
from torchlint.analysis.values.abstract import (
    MORE,
    TRUE,
    UNKNOWN,
    Array,
    Class,
    Const,
    Dict,
    Frame,
    Function,
    Instance,
    Library,
    LibraryMethod,
    List,
    Method,
    OneOf,
    Partial,
    RecordType,
    ShapeOf,
    Size,
    Super,
    Tensor,
    Tuple,
    Unknown,
    Value,
    each_of,
)
from torchlint.analysis.values.alternatives import choice_of, output_of_one, takes
from torchlint.analysis.values.classes import find, is_module, is_module_type, library_bases, linear_bases
from torchlint.analysis.values.inspection import known_items
from torchlint.analysis.values.join import join_all, present
from torchlint.analysis.values.members import called_as_module
from torchlint.analysis.values.records import record, record_type_of
from torchlint.analysis.values.store import ENTRIES, INITIALIZED, IS_MODULE, ZEROED, ModuleStore
from torchlint.analysis.values.written.choices import possible
from torchlint.analysis.values.written.guards import inside


def call_expression(machine: Machine, node: ast.Call) -> Value:
    callee = machine.eval(node.func)
    if isinstance(callee, Library) and callee.name == "builtins.super":
        return _super(machine, node)
    if ForwardCall in machine.wanted and isinstance(node.func, ast.Attribute) and node.func.attr == "forward":
        _forward_by_name(machine, callee, node)
    if FunctionBypassed in machine.wanted and isinstance(node.func, ast.Attribute) and node.func.attr == "forward":
        _function_by_name(machine, callee, node)
    positional: list[Value] = []
    for argument in node.args:
        value = machine.eval(argument)
        if isinstance(argument, ast.Starred):
            items = known_items(value)
            if items is None:
                rest = [starred_or_one(machine, each) for each in node.args[node.args.index(argument) + 1 :]]
                for each in node.keywords:
                    machine.eval(each.value)
                return _call_with_unknown_arguments(machine, callee, [Tuple(tuple(positional)), value, *rest], node)
            positional.extend(items)
        else:
            if isinstance(value, LibraryMethod):
                bad_argument(machine, value, argument, callee)
            positional.append(value)
    keywords: dict[str, Value] = {}
    for keyword in node.keywords:
        value = machine.eval(keyword.value)
        if isinstance(value, LibraryMethod):
            bad_argument(machine, value, keyword.value, callee)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
            continue
        entries = _keywords_of(value)
        if entries is None:
            return _call_with_options(machine, callee, positional, keywords, node)
        keywords.update(entries)
    return machine.call(callee, positional, keywords, node)


def _forward_by_name(machine: Machine, callee: Value, node: ast.Call) -> None:
    """`module.forward(...)` on a module that has this very `forward` (`super().forward` is another one)."""
    for each in callee.alternatives if isinstance(callee, OneOf) else (callee,):
        receiver = each.receiver if isinstance(each, Method | LibraryMethod) else None
        own = isinstance(each, LibraryMethod) or (isinstance(receiver, Instance) and isinstance(receiver.cls, Class) and find(receiver.cls, "forward") is getattr(each, "function", None))
        if isinstance(receiver, Instance) and is_module(receiver) and own and called_as_module(receiver):
            machine.emit(ForwardCall(machine.site(node), machine.frame, machine.grad, "forward", receiver, {}, (), UNKNOWN))


def _function_by_name(machine: Machine, callee: Value, node: ast.Call) -> None:
    """`MyFunction.forward(x)`, but in a Function's own methods."""
    owner = callee.owner if isinstance(callee, Function) else None
    if is_function(owner) and owner is not None and not in_function(machine.site(node), machine.frame):
        machine.emit(FunctionBypassed(machine.site(node), machine.frame, machine.grad, owner, False))


def _call_with_unknown_arguments(machine: Machine, callee: Value, parts: Sequence[Value], node: ast.Call) -> Value:
    """`f(*args)` with arguments of unknown number, which `parts` hold: only what does not depend on them is known."""
    if isinstance(callee, Class):
        return instantiate(machine, callee, None, {}, node)
    if isinstance(callee, Library):
        return machine.packages.call_starred(machine, callee.name, parts, node)
    if isinstance(callee, Function | Method):
        function = callee.function if isinstance(callee, Method) else callee
        receiver = callee.receiver if isinstance(callee, Method) else None
        return run_function(machine, function, receiver, None, {}, node)
    if isinstance(callee, Instance) and is_module(callee):
        own = find(callee.cls, "__call__") if isinstance(callee.cls, Class) else None
        if isinstance(own, Function):
            return run_function(machine, own, callee, None, {}, node)
        return machine.packages.apply(machine, callee, (UNKNOWN,), {MORE: UNKNOWN} if _takes_options(callee) else {}, node)
    if isinstance(callee, LibraryMethod) and callee.name == "__init__":
        return machine.call(callee, (UNKNOWN,), {}, node)
    return Unknown(machine.site(node))


def _call_with_options(machine: Machine, callee: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.Call) -> Value:
    """`f(x, **options)` with options of unknown names: what is written is known, and no default is certain."""
    runs = [_takes_options(each) for each in each_of(callee)]
    if all(runs):
        return machine.call(callee, positional, {**keywords, MORE: UNKNOWN}, node)
    return _call_with_unknown_arguments(machine, callee, (), node)


def _takes_options(callee: Value) -> bool:
    """Whether code of the program is run by a call."""
    match callee:
        case Function() | Method():
            return True
        case Instance(cls=Class() as cls):
            return isinstance(find(cls, "__call__"), Function) or (is_module(callee) and isinstance(find(cls, "forward"), Function))
        case Class():
            return isinstance(find(callee, "__init__"), Function)
    return False


def call_value(
    machine: Machine, callee: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    match callee:
        case Library():
            return machine.packages.call(machine, callee.name, positional, keywords, node)
        case LibraryMethod():
            return machine.packages.call_method(machine, callee, positional, keywords, node)
        case Function():
            return run_function(machine, callee, None, positional, keywords, node)
        case Method(receiver=Instance() as receiver) if _is_own_forward(receiver, callee, node):
            return machine.packages.apply(machine, receiver, positional, keywords, node)
        case Method():
            return run_function(machine, callee.function, callee.receiver, positional, keywords, node)
        case Class():
            return instantiate(machine, callee, positional, keywords, node)
        case RecordType():
            return record(callee, positional, keywords)
        case Instance():
            return _call_instance(machine, callee, positional, keywords, node)
        case Partial():
            arguments = (*callee.positional, *positional)
            return machine.call(callee.function, arguments, {**callee.keywords, **keywords}, node)
        case OneOf():
            return _call_alternatives(machine, callee, positional, keywords, node)
        case Tensor() | Tuple() | ShapeOf() | Size() | Const() | Array() | List() | Dict():
            if ValueCalled in machine.wanted and isinstance(node, ast.Call):
                at = machine.site(node)
                machine.emit(ValueCalled(at, machine.frame, machine.grad, callee, at.at(node.func)))
            return Unknown(machine.site(node))
    return call_unknown(machine, callee, positional, keywords, node)


def _is_own_forward(receiver: Instance, method: Method, node: ast.AST) -> bool:
    """Whether a module's forward is called by name: the same as applying the module."""
    if method.function.name != "forward" or not is_module(receiver) or isinstance(node, ast.FunctionDef):
        return False
    return isinstance(receiver.cls, Class) and find(receiver.cls, "forward") is method.function


def _call_alternatives(
    machine: Machine, callee: OneOf, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    kept = present(callee)
    alternatives = kept.alternatives if isinstance(kept, OneOf) else (kept,)
    alternatives = tuple(each for each in alternatives if takes(each, len(positional), keywords)) or alternatives
    alternatives = possible(alternatives, machine.frame, machine.site(node))
    if len(alternatives) == 1:
        return machine.call(alternatives[0], positional, keywords, node)
    results: list[Value] = []

    def call(each: Value) -> Value:
        results.append(machine.call(each, positional, keywords, node))
        return results[-1]

    machine.unsure += 1
    try:
        joined = machine.either([lambda each=each: call(each) for each in alternatives], getattr(node, "func", None))  # type: ignore[misc]
    finally:
        machine.unsure -= 1
    models = [each for each in alternatives if isinstance(each, Instance) and (is_module(each) or each.cls == "torch.Loaded")]
    if len(models) < len(alternatives):
        return joined
    only = sum(each.cls != "torch.Loaded" for each in models) == 1
    return output_of_one(results, choice_of(models, machine.arms, machine.conditions), only) or joined


def _call_instance(
    machine: Machine, instance: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    if instance.cls == "torch.LoadResult":
        used_as_model(machine, instance, None, node)
    if instance.cls in GRADIENT_MODES and positional and isinstance(positional[0], Function):
        return replace(positional[0], decorators=(*positional[0].decorators, instance))
    own = find(instance.cls, "__call__") if isinstance(instance.cls, Class) else None
    if isinstance(own, Function):
        return run_function(machine, own, instance, positional, keywords, node)
    if FunctionBypassed in machine.wanted and function_instance(instance) is not None and isinstance(instance.cls, Class):
        machine.emit(FunctionBypassed(machine.site(node), machine.frame, machine.grad, instance.cls, True))
    if ZEROED in instance.store:
        # What is called and has gradients is a module, whoever wrote it: no optimizer can be called.
        machine.trail.set(instance.store, IS_MODULE, TRUE)
    return machine.packages.apply(machine, instance, positional, keywords, node)


def _super(machine: Machine, node: ast.Call) -> Value:
    if len(node.args) == 2:
        named, receiver = machine.eval(node.args[0]), machine.eval(node.args[1])
        # One of several classes of that name: the one that the receiver is of.
        ours = tuple(linear_bases(receiver.cls)) if isinstance(receiver, Instance) and isinstance(receiver.cls, Class) else ()
        cls = next((each for each in named.alternatives if each in ours), UNKNOWN) if isinstance(named, OneOf) else named
        if isinstance(cls, Class):
            return Super(cls, receiver)
        if isinstance(receiver, Instance) and not isinstance(cls, Library):
            # What is called on it may well be the `__init__` of the base.
            machine.trail.set(receiver.store, INITIALIZED, TRUE)
        return UNKNOWN
    here = machine.site(node)
    frame: Frame | None = machine.frame
    while frame is not None and (frame.receiver is None or frame.function is None or not inside(here, frame.site(frame.function.node))):
        frame = frame.caller
    if frame is None or frame.function is None or frame.function.owner is None or frame.receiver is None:
        return UNKNOWN
    return Super(frame.function.owner, frame.receiver)


def instantiate(
    machine: Machine, cls: Class, positional: Sequence[Value] | None, keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    """An instance of a class of the program; `positional` is None where the arguments are unknown."""
    machine.coverage.instantiated.add(cls.node)
    bases = library_bases(cls)
    made = record_type_of(cls)
    if made is not None:
        return record(made, positional, keywords)
    if any(base in ("enum.Enum", "enum.IntEnum") for base in bases):
        return Unknown(machine.site(node))
    given: dict[str | int, Value] = {}
    given.update({name: value for name, value in keywords.items() if name != MORE})
    store = ModuleStore() if is_module_type(cls) else {}
    instance = Instance(cls, store, given, machine.site(node), machine.frame, machine.arms)
    machine.trail.version += 1
    init = find(cls, "__init__")
    if isinstance(init, Function):
        run_function(machine, init, instance, positional, keywords, node)
    elif decorated_dataclass(cls):
        fill_dataclass(machine, instance, cls, positional, keywords, node)
    elif bases:
        machine.packages.initialize(machine, instance, positional or (), keywords, node)
    elif opaque_init(cls):
        call_unknown(machine, cls, positional or (), keywords, node)
    return instance


def fill_dataclass(
    machine: Machine, instance: Instance, cls: Class, positional: Sequence[Value] | None, keywords: Mapping[str, Value], node: ast.AST
) -> None:
    """What the `__init__` that `@dataclass` writes does: the fields, and then `__post_init__`, which fields may be passed to."""
    names = _fields(cls.node)
    given = dict(zip(names, positional or (), strict=False)) | dict(keywords)
    for name in names:
        default = UNKNOWN if positional is None else cls.namespace.get(name, UNKNOWN)
        value = given.get(name, default)
        machine.trail.set(instance.store, name, UNKNOWN if isinstance(value, Unknown) else value)
    after = find(cls, "__post_init__")
    if isinstance(after, Function):
        run_function(machine, after, instance, () if len(after.node.args.args) == 1 else None, {}, node)


@lru_cache(maxsize=512)
def _fields(node: ast.ClassDef) -> tuple[str, ...]:
    """The names of a dataclass's own fields."""
    return tuple(each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name))


def opaque_init(cls: Class) -> bool:
    return any(not isinstance(base, Class | Library) for base in cls.bases)


def decorated_dataclass(cls: Class) -> bool:
    for decorator in cls.node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
        if name in ("dataclass", "define", "frozen"):
            return True
    return False


def _keywords_of(value: Value) -> dict[str, Value] | None:
    """What `**value` gives; a key that not all of several dicts have is there, with nothing known of it."""
    stores = [each.store.get(ENTRIES) if isinstance(each, Dict) else None for each in each_of(value)]
    known = [each for each in stores if each is not None]
    if len(known) < len(stores):
        return None
    keys = dict.fromkeys(key for each in known for key in each)
    return {str(key): join_all([each.get(key, UNKNOWN) for each in known]) for key in keys}
