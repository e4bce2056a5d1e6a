"""What `value.name` is, for each kind of value, and what assigning to it does."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from torchlint.analysis.facts.classes import ClassDefined, ClassSettled, UninitializedModule
from torchlint.analysis.facts.statements import AttributeAssignment, AttributeRead
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    FALSE,
    NONE,
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
    ProjectFile,
    ShapeOf,
    Super,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.analysis.values.classes import (
    accessor,
    assigned_later,
    changed_later,
    descendants,
    find,
    is_module,
    library_bases,
    method_kind,
    mode_unknown,
    shared_changed,
)
from torchlint.analysis.values.contents import contents_change, held_in
from torchlint.analysis.values.devices import NOT_NAMED, may_move, module_device
from torchlint.analysis.values.inspection import dim_value, shape_value, whole_number
from torchlint.analysis.values.join import join, join_shapes, present
from torchlint.analysis.values.members import readable_bases
from torchlint.analysis.values.origins import model_of
from torchlint.analysis.values.registration import registers
from torchlint.analysis.values.store import (
    CAST,
    FIXED,
    FROZEN,
    INITIALIZED,
    ITEMS,
    MODED,
    SITES,
    ModuleStore,
    Store,
)
from torchlint.analysis.values.trail import MISSING
from torchlint.torch_api.classifiers import head_of
from torchlint.torch_api.dtypes import dtype_of, is_floating
from torchlint.torch_api.operations import canonical
from torchlint.torch_api.parameters import has_parameter, parameter_shape

_ENUMS = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"})


def attribute(machine: Machine, value: Value, name: str, node: ast.AST) -> Value:
    match value:
        case Library() if name == "is_floating_point" and dtype_of(value.name) is not None:
            return Const(is_floating(dtype_of(value.name)))
        case Library():
            return Library(canonical(f"{value.name}.{name}"))
        case Instance():
            return _of_instance(machine, value, name, node)
        case Tensor():
            return _of_tensor(machine, value, name, node)
        case ProjectFile():
            return member(machine, value, name)
        case Class():
            return _of_class(machine, value, name)
        case Super():
            return _of_super(machine, value, name, node)
        case Array():
            return _of_array(value, name)
        case Tuple() if name in value.fields:
            return value.items[value.fields.index(name)]
        case Tuple() if name in ("values", "indices") and len(value.items) == 2:
            return value.items[name == "indices"]
        case Function() if name == "__name__":
            return Const(value.name)
        case Unknown() if name == "data" and model_of(value) is not None:
            machine.ends(value, node)
            return Unknown(machine.site(node), name, value)
        case OneOf():
            kept = present(value)
            alternatives = kept.alternatives if isinstance(kept, OneOf) else (kept,)
            results = [machine.attribute(each, name, node) for each in alternatives]
            if all(isinstance(each, LibraryMethod) for each in results):
                return LibraryMethod(kept, name)
            result = results[0]
            for other in results[1:]:
                result = join(result, other)
            return result
    return LibraryMethod(value, name)


def member(machine: Machine, file: ProjectFile, name: str) -> Value:
    """A global of a file of the program, or the submodule of that name."""
    found = machine.global_value(file.path, name)
    if found is not MISSING:
        return found  # type: ignore[no-any-return]
    if posixpath.basename(file.path) == "__init__.py":
        path = machine.resolve(file.path, name, 1)
        if path is not None and path != file.path:
            return ProjectFile(path)
    return UNKNOWN


def _of_class(machine: Machine, cls: Class, name: str) -> Value:
    found = find(cls, name)
    if isinstance(found, Function):
        return Method(cls, found) if method_kind(found) == "class" else found
    if found is not None:
        return UNKNOWN if _changes_between(machine, cls, name, found) else found
    if name == "__name__":
        return Const(cls.name)
    return LibraryMethod(cls, name)


def _changes_between(machine: Machine, cls: Class, name: str, held: Value) -> bool:
    """Whether another value may be found than the class statement gave: by something that runs on its own, or of an enumeration."""
    if isinstance(held, Function | Class | Library):
        return False
    if not _ENUMS.isdisjoint(library_bases(cls)):
        # What is written there is a member's value.
        return True
    return name in shared_changed(cls) and machine.entered_alone


def _of_super(machine: Machine, value: Super, name: str, node: ast.AST) -> Value:
    receiver = value.receiver
    owner = receiver.cls if isinstance(receiver, Instance) else receiver
    if isinstance(owner, Class):
        found = find(owner, name, after=value.cls)
        if isinstance(found, Function):
            kind = method_kind(found)
            if kind == "property" and isinstance(receiver, Instance):
                return machine.call(Method(receiver, found), (), {}, node)
            return found if kind == "static" else Method(receiver, found)
        if found is not None:
            return found
    return LibraryMethod(value, name)


def _of_instance(machine: Machine, value: Instance, name: str, node: ast.AST) -> Value:
    found = value.store.get(name, MISSING)
    if isinstance(found, Value):
        return found
    if isinstance(value.cls, Class):
        held = find(value.cls, name)
        if isinstance(held, Function):
            match method_kind(held):
                case "static":
                    return held
                case "class":
                    return Method(value.cls, held)
                case "property":
                    return machine.call(Method(value, held), (), {}, node)
            return Method(value, held)
        if held is not None:
            # Whenever anything is set, a `__setattr__` of the program's own may set this anew.
            hooked = find(value.cls, "__setattr__") is not None and name in assigned_later(value.cls)
            return Unknown(machine.site(node)) if hooked or _changes_between(machine, value.cls, name, held) else held
    if name == "training" and is_module(value):
        if machine.frame.receiver is value:
            machine.trail.set(value.store, MODED, TRUE)
        return Unknown(machine.site(node))
    parameter = _parameter(value, name)
    if parameter is not None:
        # What every run would make of it is no change.
        value.store[name] = parameter
        return parameter
    head = head_of(value.cls) if isinstance(value.cls, str) else None
    if head is not None and head.layers is not None and name == head.attribute:
        value.store[name] = Instance("torch.nn.Sequential", ModuleStore({ITEMS: (UNKNOWN,) * head.layers}), {}, value.site, value.made_in)
        return _of_instance(machine, value, name, node)
    if value.cls == "torch.device":
        return UNKNOWN
    given = value.arguments.get(name)
    if given is not None and value.library_name and not value.library_name.startswith("torch"):
        # Namespaces, records and settings of packages hold what they are given by name.
        return given
    if name == "__class__":
        return value.cls if isinstance(value.cls, Class) else Library(value.cls)
    return LibraryMethod(value, name)


def _of_tensor(machine: Machine, tensor: Tensor, name: str, node: ast.AST) -> Value:
    if AttributeRead in machine.wanted:
        machine.emit(AttributeRead(machine.site(node), machine.frame, machine.grad, tensor, name))
    match name:
        case "shape":
            return shape_value(tensor)
        case "ndim":
            return UNKNOWN if tensor.shape is None else Const(len(tensor.shape))
        case "T" | "mT" | "H" | "mH":
            shape = tensor.shape
            if shape is not None and len(shape) >= 2:
                shape = (*shape[:-2], shape[-1], shape[-2]) if name != "T" else shape[::-1]
            return replace(tensor, shape=shape, tail=None, op="t", inputs=(tensor,), leaf=_still_leaf(tensor), site=machine.site(node), storages=storages_of(tensor), parameter=False)
        case "data":
            machine.ends(tensor, node)
            return replace(
                tensor, requires_grad=False, leaf=True, op="data", inputs=(tensor,), site=machine.site(node), parameter=False,
                storages=storages_of(tensor),
            )  # fmt: skip
        case "grad":
            return Tensor(shape=tensor.shape, dtype=tensor.dtype, requires_grad=False, leaf=True, op="grad", inputs=(tensor,), site=machine.site(node))
        case "requires_grad":
            return UNKNOWN if tensor.requires_grad is None else Const(tensor.requires_grad)
        case "is_leaf":
            return UNKNOWN if tensor.leaf is None else Const(tensor.leaf)
        case "dtype":
            return Unknown(machine.site(node), "dtype", tensor) if tensor.dtype is None else Library(f"torch.{tensor.dtype}")
        case "device":
            return Instance("torch.device", {}, {"of": tensor}, machine.site(node))
        case "grad_fn" | "layout":
            return UNKNOWN
        case "is_cuda":
            # Who asks has thought of both, wherever this program happens to make the tensor.
            return UNKNOWN if tensor.device in NOT_NAMED else Const((tensor.device or "").startswith("cuda"))
        case "real" | "imag":
            return Tensor(shape=tensor.shape)
    return LibraryMethod(tensor, name)


def _of_array(array: Array, name: str) -> Value:
    match name:
        case "shape" if array.kind == "ndarray":
            if array.shape is None:
                return ShapeOf(array)
            return Tuple(tuple(dim_value(dim) for dim in array.shape))
        case "T" if array.kind == "ndarray":
            return Array(shape=array.shape[::-1] if array.shape else None, dtype=array.dtype, scale=array.scale)
        case "ndim":
            return UNKNOWN if array.shape is None else Const(len(array.shape))
        case "size":
            return UNKNOWN
        case "dtype":
            return UNKNOWN if array.dtype is None else Library(f"numpy.{array.dtype}")
    return LibraryMethod(array, name)


def store_attribute(machine: Machine, receiver: Value, name: str, value: Value, node: ast.AST) -> None:
    receiver = present(receiver)
    if AttributeAssignment in machine.wanted:
        machine.emit(AttributeAssignment(machine.site(node), machine.frame, machine.grad, receiver, name, value))
    match receiver:
        case Instance():
            if ClassDefined in machine.wanted or ClassSettled in machine.wanted:
                receiver.store.setdefault(SITES, {}).setdefault(name, []).append((machine.site(node), value))
            if UninitializedModule in machine.wanted and registers(value):
                needs_init(machine, receiver, node)
            setter = accessor(receiver.cls, "setter", name)
            if setter is not None:
                machine.call(Method(receiver, setter), (value,), {}, node)
            else:
                machine.trail.set(receiver.store, name, _as_left(machine, receiver, name, value))
        case Class():
            machine.trail.set(receiver.namespace, name, value)
        case ProjectFile():
            machine.trail.set(machine.files[receiver.path].globals, name, value)
        case Tensor() if name == "requires_grad" and isinstance(value, Const):
            if receiver.parameter and isinstance(receiver.model, Instance):
                _parameters_set(machine, receiver.model, value == TRUE)
            elif value == TRUE:
                machine.event("gradient", node, receiver)
            rebind(machine, receiver, replace(receiver, requires_grad=bool(value.value)))
        case Tensor() if name in ("grad", "_grad"):
            machine.event("zero_grad" if _nothing(value) else "gradient", node, receiver)
        case Unknown() | LibraryMethod() if name in ("grad", "_grad"):
            machine.event("zero_grad" if _nothing(value) else "gradient", node, UNKNOWN)
        case Unknown() if name == "requires_grad" and value == TRUE:
            machine.event("gradient", node, receiver)
        case Tensor() if name == "data":
            other = value if isinstance(value, Tensor) else Tensor()
            if receiver.parameter and receiver.model is not None:
                may_move(machine.trail, receiver.model)
            rebind(machine, receiver, replace(receiver, shape=other.shape, tail=other.tail, dtype=other.dtype, device=other.device, activation=None, storages=storages_of(other)))
        case LibraryMethod():
            _set_part(machine, receiver, name, value)
        case OneOf():
            for each in receiver.alternatives:
                if isinstance(each, Instance):
                    machine.trail.set(each.store, name, join(each.store.get(name, value), value))


def _as_left(machine: Machine, receiver: Instance, name: str, value: Value) -> Value:
    """What an object's own `__init__` sets, run on its own: until other methods see it, modules are switched, objects replaced, lists filled."""
    frame = machine.frame
    if not frame.alone or frame.name != "__init__" or not isinstance(value, Instance | List | Dict) or not isinstance(receiver.cls, Class):
        return value
    if name in changed_later(receiver.cls) and (isinstance(value, Instance) or not any(map(is_module, held_in(value)))):
        contents_change(machine.trail, value)
    if not isinstance(value, Instance):
        return value
    mode_unknown(machine.trail, value)
    return Unknown(value.site) if not is_module(value) and name in assigned_later(receiver.cls) else value


def _nothing(gradient: Value) -> bool:
    """Whether a gradient is none at all, or zeros."""
    return gradient == NONE or (isinstance(gradient, Tensor) and gradient.op in ("zeros", "zeros_like"))


def _set_part(machine: Machine, receiver: LibraryMethod, name: str, value: Value) -> None:
    """`model.heads.head = value` where the model is of a package that is not read."""
    path, owner = [name], receiver
    while isinstance(owner, LibraryMethod):
        path.append(owner.name)
        owner = present(owner.receiver)  # type: ignore[assignment]
    if isinstance(owner, Instance) and is_module(owner):
        machine.trail.set(owner.store, ("part", ".".join(reversed(path))), value)


def needs_init(machine: Machine, module: Instance, node: ast.AST) -> None:
    """Something is registered with a module: its `__init__`, or a dataclass's `__post_init__`, must have run nn.Module's before."""
    if INITIALIZED in module.store or not isinstance(module.cls, Class) or not is_module(module):
        return
    frame: Frame | None = machine.frame
    while frame is not None and not (frame.name in ("__init__", "__post_init__") and isinstance(frame.receiver, Instance) and frame.receiver.store is module.store):
        frame = frame.caller
    if frame is None or frame.function is None or not readable_bases(module.cls):
        return
    machine.trail.set(module.store, INITIALIZED, TRUE)
    if UninitializedModule in machine.wanted:
        machine.emit(UninitializedModule(machine.site(node), machine.frame, machine.grad, module, frame.site(frame.function.node)))


def _parameters_set(machine: Machine, module: Instance, trained: bool) -> None:
    """`p.requires_grad = …` of a module's parameters: of all of them where no condition chooses."""
    chosen = machine.arms != (machine.rounds[-1].loop.arms if machine.rounds else ())
    for each in descendants(module):
        machine.trail.set(each.store, FROZEN, TRUE)
        for name, held in list(each.store.items()):
            if isinstance(held, Tensor) and held.parameter:
                machine.trail.set(each.store, name, replace(held, requires_grad=None if chosen else trained))
        if trained:
            machine.trail.delete(each.store, FIXED)
        elif not chosen:
            machine.trail.set(each.store, FIXED, TRUE)


def rebind(machine: Machine, old: Value, new: Value) -> None:
    """A tensor was changed in place: every slot in reach that holds it holds the changed one now.

    Tensors that may share its memory may have changed with it.
    """
    shared = storages_of(old) if isinstance(old, Tensor) and isinstance(new, Tensor) else frozenset()

    known: dict[int, tuple[Value, Value]] = {}

    def changed(held: Value) -> Value:
        """Two names of one tensor stay names of one tensor."""
        if id(held) not in known:
            known[id(held)] = (change(held), held)
        return known[id(held)][0]

    def change(held: Value) -> Value:
        if held is old:
            return new
        if isinstance(held, Tensor) and isinstance(old, Tensor) and isinstance(new, Tensor) and not shared.isdisjoint(storages_of(held)):
            return _perhaps_changed(held, old, new)
        if isinstance(held, Tuple) and type(held) is Tuple:
            items = tuple(map(changed, held.items))
            return replace(held, items=items) if any(a is not b for a, b in zip(items, held.items, strict=True)) else held
        return held

    for store in _stores_in_reach(machine):
        reached = [(key, held) for key, held in store.items() if held is old or isinstance(held, Tensor | Tuple) or (key is ITEMS and isinstance(held, tuple))]
        for key, held in reached:
            if isinstance(held, Value):
                after = changed(held)
                if after is not held:
                    machine.trail.set(store, key, after)
            else:
                _change_items(machine, store, held, changed)


def _change_items(machine: Machine, store: Store, held: tuple[Any, ...], changed: Callable[[Value], Value]) -> None:
    after = tuple(changed(each) if isinstance(each, Value) else each for each in held)
    if any(a is not b for a, b in zip(after, held, strict=True)):
        machine.trail.set(store, ITEMS, after)


def _stores_in_reach(machine: Machine) -> Iterator[Store]:
    """The stores that a running function, its callers and what they hold directly can see."""
    seen: set[int] = set()
    frame: Frame | None = machine.frame
    while frame is not None:
        for store in (frame.locals, *frame.scopes):
            if id(store) in seen:
                continue
            seen.add(id(store))
            yield store
            for held in list(store.values()):
                inner = getattr(held, "store", None)
                if inner is not None and id(inner) not in seen:
                    seen.add(id(inner))
                    yield inner
        frame = frame.caller


def _perhaps_changed(held: Tensor, old: Tensor, new: Tensor) -> Tensor:
    """A tensor that is perhaps a view of one that was changed in place, or that one itself."""
    changed = replace(held, activation=None, scale=None, storages=storages_of(held))
    if new.requires_grad is None or old.requires_grad != new.requires_grad or old.leaf != new.leaf:
        changed = replace(changed, requires_grad=None, leaf=None)
    if (old.shape != new.shape or new.shape is None) and (old.shape is None or held.shape == old.shape):
        changed = replace(changed, shape=join_shapes(held.shape, new.shape), tail=None)
    if old.dtype != new.dtype:
        changed = replace(changed, dtype=None)
    return changed


def _still_leaf(tensor: Tensor) -> bool | None:
    return True if tensor.requires_grad is False else None


def _parameter(module: Instance, name: str) -> Tensor | None:
    layer = module.library_name
    if layer is None or not has_parameter(layer, name) or (name == "bias" and module.arguments.get("bias") == FALSE):
        return None

    shape = parameter_shape(layer, name, lambda argument: whole_number(module.arguments.get(argument)))
    dtype = None if CAST in module.store or "dtype" in module.arguments else "float32"
    return Tensor(shape=shape, dtype=dtype, requires_grad=None if FROZEN in module.store else True, leaf=True, parameter=True, device=module_device(module))
