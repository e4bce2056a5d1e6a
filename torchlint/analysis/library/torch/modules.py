"""Objects of torch: modules are built and applied, losses computed, optimizers stepped."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.analysis.facts.calls import Construction, ContainerCalled, ModuleCall
from torchlint.analysis.facts.classes import ForwardMissing, RepeatedLayer, UninitializedModule
from torchlint.analysis.interpreter.escape import call_unknown, escape
from torchlint.analysis.interpreter.functions import run_function
from torchlint.analysis.library.arguments import by_number_or_name
from torchlint.analysis.library.torch.layers import layer_result, refined
from torchlint.analysis.library.torch.results import operands, unreduced
from torchlint.analysis.library.torch.shapes import layer_shape, single_shape
from torchlint.analysis.library.torch.tensors import loss_event
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    TRUE,
    UNKNOWN,
    Activation,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    List,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.analysis.values.building import weighted
from torchlint.analysis.values.classes import (
    children,
    descendants,
    find,
    is_module,
    layer_of,
    library_bases,
    running_forward,
)
from torchlint.analysis.values.contents import held_in
from torchlint.analysis.values.devices import asked_device, may_move
from torchlint.analysis.values.inspection import element_of, known_items, last_of, uncounted
from torchlint.analysis.values.loaders import LOADER, SUBSET
from torchlint.analysis.values.members import attributes_read, being_made, misspelt_forward, readable_bases
from torchlint.analysis.values.origins import model_of, snapshot_of
from torchlint.analysis.values.registration import plain_contents
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import (
    CAST,
    DEVICE,
    ELEMENT,
    ENTRIES,
    INITIALIZED,
    ITEMS,
    LAST,
    SEEN,
    ModuleStore,
)
from torchlint.torch_api.binding import bind
from torchlint.torch_api.classifiers import Head, head_of
from torchlint.torch_api.datasets import dataset_images
from torchlint.torch_api.layers import Layer, layer
from torchlint.torch_api.parameters import keeps_argument
from torchlint.torch_api.shapes.error import ShapeError

_CONTAINERS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList"})
_WITHOUT_FORWARD = frozenset({"torch.nn.ModuleList", "torch.nn.ModuleDict"})
_RECURRENT = frozenset({"torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"})
_CELLS = frozenset({"torch.nn.LSTMCell"})


def construct_layer(
    machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    """An instance of a library's class."""
    arguments = bind(name, positional, keywords)
    instance = Instance(name, ModuleStore(), arguments, machine.site(node), machine.frame, machine.arms)
    # Every call makes another one: what a function made before must not be given out again.
    machine.trail.version += 1
    if machine.torch.default_dtype is None:
        machine.trail.set(instance.store, CAST, TRUE)
    built = layer(name)
    if built is not None and built.parameters:
        device = asked_device(arguments["device"]) if "device" in arguments else machine.torch.device_context
        machine.trail.set(instance.store, DEVICE, Const(device))
    if not name.startswith("torch."):
        for value in plain_contents(Tuple(tuple(arguments.values()))):
            may_move(machine.trail, value)
    fill(machine, instance, name, positional, arguments)
    note_repetition(machine, name, [each for value in positional for each in plain_contents(Tuple((value,)))], node)
    if name.startswith("torch.optim.") and not name.startswith("torch.optim.lr_scheduler"):
        machine.event("optimizer", node, instance, tuple(arguments.values()), snapshot_of(instance))
        given = [each for value in arguments.values() for each in plain_contents(Tuple((value,)))]
        for each in given:
            if isinstance(each, Tensor) and each.site is not None:
                machine.mark("optimised", each.site)
    if name == "torch.utils.data.DataLoader":
        machine.event("loader", node, instance)
    if Construction in machine.wanted:
        discarded = machine.statement is node
        machine.emit(
            Construction(machine.site(node), machine.frame, machine.grad, name, None, arguments, tuple(positional), instance, discarded)
        )
    return instance


def note_repetition(machine: Machine, name: str, held: Sequence[Value], node: ast.AST) -> None:
    """Tell of layers that a container is given several times."""
    if RepeatedLayer not in machine.wanted or not machine.unit.pending.repeated or name not in _CONTAINERS:
        return
    for each in held:
        if isinstance(each, Instance) and id(each.store) in machine.unit.pending.repeated and any(map(weighted, descendants(each))):
            site, _ = machine.unit.pending.repeated[id(each.store)]
            machine.emit(RepeatedLayer(site, machine.frame, machine.grad, each, machine.site(node)))


def fill(
    machine: Machine, instance: Instance, name: str, positional: Sequence[Value], arguments: Mapping[str | int, Value]
) -> None:
    """What a container holds from the start."""
    store = instance.store
    match name:
        case "torch.nn.Sequential":
            machine.trail.set(store, LAST, positional[-1] if positional and is_module(positional[-1]) else UNKNOWN)
            given = positional[0] if len(positional) == 1 else None
            if isinstance(given, Dict):
                entries = given.store.get(ENTRIES)
                machine.trail.set(store, ITEMS, None if entries is None else tuple(entries.values()))
                store[SEEN] = held_in(given)
                for key, value in (entries or {}).items():
                    machine.trail.set(store, ("name", key), value)
            elif given is not None and not is_module(given):
                machine.trail.set(store, ITEMS, None)
            else:
                machine.trail.set(store, ITEMS, tuple(positional))
        case "torch.nn.ModuleList" | "torch.nn.ParameterList":
            held = positional[0] if positional else arguments.get("modules", arguments.get("values"))
            items = () if held is None else known_items(held)
            machine.trail.set(store, ITEMS, items)
            if items is None and held is not None:
                machine.trail.set(store, ELEMENT, element_of(held))
                store[SEEN] = held_in(held)
        case "torch.nn.ModuleDict" | "torch.nn.ParameterDict":
            held = positional[0] if positional else arguments.get("modules")
            entries = {} if held is None else held.store.get(ENTRIES) if isinstance(held, Dict) else None
            machine.trail.set(store, ENTRIES, entries)
            if entries is None and held is not None:
                store[SEEN] = list(plain_contents(held))
        case "torch.nn.DataParallel" | "torch.nn.parallel.DistributedDataParallel":
            wrapped = arguments.get("module", positional[0] if positional else UNKNOWN)
            if isinstance(wrapped, Value):
                machine.trail.set(store, "module", wrapped)
    if name in (LOADER, SUBSET) and isinstance(arguments.get("dataset"), Value):
        machine.trail.set(store, "dataset", arguments["dataset"])
    if dataset_images(name) is not None or name.startswith("torchvision.datasets."):
        for key in ("transform", "target_transform"):
            if isinstance(arguments.get(key), Value):
                machine.trail.set(store, key, arguments[key])


def initialize_layer(
    machine: Machine, instance: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> None:
    """`super().__init__(...)` that reaches a library's class."""
    machine.trail.set(instance.store, INITIALIZED, TRUE)
    if not isinstance(instance.cls, Class):
        return
    for name in library_bases(instance.cls):
        if layer(name) is not None:
            arguments = bind(name, positional, keywords)
            fill(machine, instance, name, positional, arguments)
            for key, value in arguments.items():
                if isinstance(instance.arguments, dict) and name != "torch.nn.Sequential":
                    machine.trail.set(instance.store, ("argument", key), value)
                    if isinstance(key, str) and keeps_argument(name, key):
                        machine.trail.set(instance.store, key, value)
            return


def apply_layer(
    machine: Machine, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    outermost = is_module(module) and not machine.torch.applying and running_forward(machine.frame) is None
    element, machine.torch.in_sequence = machine.torch.in_sequence, False
    if UninitializedModule in machine.wanted and isinstance(module.cls, Class):
        _never_initialized(machine, module, module.cls, node)
    mode = machine.mode(module)
    machine.torch.applying += 1
    before, machine.torch.layer_grads = machine.torch.layer_grads, set()
    try:
        result = applied(machine, module, positional, keywords, node)
    finally:
        machine.torch.applying -= 1
    inside, machine.torch.layer_grads = machine.torch.layer_grads, before | (machine.torch.layer_grads or _guard_of_layer(machine, module))
    if outermost and not _is_function(module):
        result = _stamped(machine, result, module)
        # A forward may switch gradients off itself, for all of its layers.
        guard, machine.grad = machine.grad, False if inside == {False} else machine.grad
        machine.event("model", node, module, (*positional, *keywords.values()), result, mode)
        machine.grad = guard
    elif machine.torch.applying and (found := layer_of(module)) is not None and found.recurrent:
        machine.event("recurrent", node, module, (*positional, *keywords.values()), result, mode)
    if ModuleCall in machine.wanted and is_module(module):
        name = module.cls if isinstance(module.cls, str) else module.cls.name
        machine.emit(
            ModuleCall(
                machine.site(node), machine.frame, machine.grad, name, module,
                by_number_or_name(positional, keywords), tuple(positional), result, machine.statement is node,
                element,
            )
        )  # fmt: skip
    return result


def _never_initialized(machine: Machine, module: Instance, cls: Class, node: ast.AST) -> None:
    """A module is applied: its `__init__`, which was run, must have run nn.Module's."""
    init = find(cls, "__init__")
    if INITIALIZED in module.store or machine.exhausted or not isinstance(init, Function) or not is_module(module) or not being_made(module) or not readable_bases(cls):
        return
    machine.trail.set(module.store, INITIALIZED, TRUE)
    machine.emit(UninitializedModule(machine.site(node), machine.frame, machine.grad, module, Site(machine.files[init.path].tree, init.node), True))


def _guard_of_layer(machine: Machine, module: Instance) -> set[bool | None]:
    found = layer_of(module)
    return {machine.grad} if found is not None and found.parameters else set()


def _is_function(module: Instance) -> bool:
    """Whether a module is no model but a function: a loss, an activation, pooling."""
    found = layer_of(module) if isinstance(module.cls, str) else None
    own = layer_of(module)
    return (own is not None and own.loss) or (found is not None and not found.parameters and not found.container)


def _stamped(machine: Machine, result: Value, module: Instance, depth: int = 3) -> Value:
    """What comes out of a model knows it."""
    if depth == 0:
        return result
    match result:
        case Tensor():
            return replace(result, model=module, role="prediction", storages=storages_of(result))
        case Tuple():
            return Tuple(tuple(_stamped(machine, item, module, depth - 1) for item in result.items), fields=result.fields)
        case List() | Dict():
            return replace(result, store={key: _stamped_slot(machine, held, module, depth - 1) for key, held in result.store.items()})
        case OneOf():
            return OneOf(tuple(_stamped(machine, each, module, depth - 1) for each in result.alternatives))
        case Unknown():
            return Unknown(result.site, "<model>", module, machine.grad)
    return result


def _stamped_slot(machine: Machine, held: object, module: Instance, depth: int) -> object:
    """The contents of a container that comes out of a model."""
    if isinstance(held, tuple):
        return tuple(_stamped(machine, each, module, depth) for each in held)
    if isinstance(held, dict):
        return {key: _stamped(machine, each, module, depth) for key, each in held.items()}
    return _stamped(machine, held, module, depth) if isinstance(held, Value) else held


def applied(
    machine: Machine, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    if isinstance(module.cls, Class):
        forward = find(module.cls, "forward")
        if isinstance(forward, Function):
            return run_function(machine, forward, module, positional, keywords, node)
    inner = module.store.get("module")
    if isinstance(inner, Instance | OneOf) and isinstance(module.cls, str):
        # A parallel wrapper brings its inputs to where the model is.
        scattered = [replace(each, device=None) if isinstance(each, Tensor) else each for each in positional]
        return machine.call(inner, scattered, keywords, node)
    found = layer_of(module)
    if ForwardMissing in machine.wanted and isinstance(module.cls, Class):
        _forward_missing(machine, module, module.cls, node)
    head = head_of(module.cls) if isinstance(module.cls, str) else None
    if head is not None:
        return _classified(machine, module, head, positional, node)
    if found is None:
        return call_unknown(machine, module, positional, keywords, node)
    if found.loss:
        return _loss(machine, module, found, positional, keywords, node)
    if found.name == "torch.nn.Sequential":
        return _in_sequence(machine, module, positional, keywords, node)
    if found.container:
        if ContainerCalled in machine.wanted:
            _container_called(machine, module, node)
        for argument in (*positional, *keywords.values()):
            escape(machine, argument, node)
        return Unknown(machine.site(node))
    if positional and found.activation != "keeps":
        machine.turned_out.is_taken(positional[0], machine.frame, machine.site(node))
    return layer_result(machine, module, found, refined(machine, module, found, positional, node), keywords, node)


def _container_called(machine: Machine, module: Instance, node: ast.AST) -> None:
    """What was made as a ModuleList or ModuleDict, and not of a class of the program's, has no forward."""
    if module.cls in _WITHOUT_FORWARD and (ITEMS in module.store or ENTRIES in module.store) and "forward" not in module.store and not machine.unsure and not machine.exhausted:
        machine.emit(ContainerCalled(machine.application(node), machine.frame, machine.grad, str(module.cls).rpartition(".")[2]))


def _classified(machine: Machine, module: Instance, head: Head, positional: Sequence[Value], node: ast.AST) -> Value:
    """What a classifier of torchvision gives: what its head makes of the features."""
    images = positional[0] if positional else UNKNOWN
    batch = images.shape[0] if isinstance(images, Tensor) and images.shape is not None and len(images.shape) == 4 else None
    features = Tensor(shape=(batch, None) if head.flat else None, site=machine.site(node), op="features", inputs=(images,))
    last = module.store.get(head.attribute)
    if isinstance(last, Instance | OneOf):
        return machine.call(last, (features,), {}, node)
    if isinstance(last, Value):
        return Unknown(machine.site(node))
    classes = module.arguments.get("num_classes", Const(1000))
    shape = (batch, classes.value if isinstance(classes, Const) and isinstance(classes.value, int) else None)
    return replace(features, shape=shape, activation=Activation("linear", None, machine.site(node)))


def _forward_missing(machine: Machine, module: Instance, cls: Class, node: ast.AST) -> None:
    if is_module(module) and "forward" not in module.store and find(cls, "forward") is None and being_made(module) and readable_bases(cls):
        found = misspelt_forward(cls)
        method = Site(machine.files[found[0].path].tree, found[1]) if found else None
        name = found[1].name if found else ""
        definition = Site(machine.files[cls.path].tree, cls.node)
        machine.emit(ForwardMissing(machine.site(node), machine.frame, machine.grad, module, definition, method, name, attribute_is_read(machine, name, cls.path)))


def attribute_is_read(machine: Machine, name: str, path: str) -> bool:
    """Whether any file around one reads an attribute of that name."""
    return machine.any_around("reads", path, (name,), lambda module: name in attributes_read(module))


def _in_sequence(
    machine: Machine, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    machine.charge()
    if machine.spent:
        machine.exhausted = True
        return call_unknown(machine, module, positional, keywords, node)
    items = sequence_items(module)
    if items is None:
        element = module.store.get(ELEMENT)
        if isinstance(element, Instance):
            machine.unsure += 1
            machine.call(element, positional, keywords, node)
            machine.unsure -= 1
        return _end_of_sequence(machine, module, node)
    value: Value = positional[0] if positional else next(iter(keywords.values()), UNKNOWN)
    before = machine.torch.applied_at
    for index, item in enumerate(items):
        arguments = positional if index == 0 else (value,)
        machine.torch.applied_at = item.site if isinstance(item, Instance) and isinstance(item.cls, str) else None
        machine.torch.in_sequence = True
        value = machine.call(item, arguments, {}, node)
    machine.torch.in_sequence = False
    machine.torch.applied_at = before
    return value


def _end_of_sequence(machine: Machine, module: Instance, node: ast.AST) -> Value:
    """What a Sequential gives of which the last module alone is known: what that does last."""
    last = module.store.get(LAST)
    if not isinstance(last, Instance):
        return Unknown(machine.site(node))
    before, machine.torch.applied_at = machine.torch.applied_at, last.site if isinstance(last.cls, str) else None
    machine.unsure += 1
    value = machine.call(last, (Unknown(machine.site(node)),), {}, node)
    machine.unsure -= 1
    machine.torch.applied_at = before
    return replace(value, shape=None, tail=None) if isinstance(value, Tensor) else Unknown(machine.site(node))


def sequence_items(module: Instance) -> tuple[Value, ...] | None:
    """The modules of a Sequential in order, those added by name included."""
    items = module.store.get(ITEMS)
    if items is None:
        return None
    added = [value for name, value in children(module) if not name.isdigit()]
    known = {id(each) for each in items}
    return (*items, *(each for each in added if id(each) not in known and isinstance(module.cls, Class)))


def _loss(
    machine: Machine,
    module: Instance,
    found: Layer,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
) -> Value:
    named: dict[str | int, Value] = dict(zip(("input", "target"), positional, strict=False))
    arguments = {**named, **by_number_or_name(positional, keywords)}
    try:
        shapes = layer_shape(found.name, module.arguments, positional, keywords)
    except ShapeError:
        shapes = None
    inputs = operands(positional, keywords)
    known = [each.requires_grad if isinstance(each, Tensor) else None for each in inputs]
    requires = False if machine.grad is False else (True if True in known and machine.grad else None if None in known or True in known else False)
    result = Tensor(
        shape=single_shape(shapes),
        dtype=None,
        requires_grad=requires,
        leaf=None if requires is None else not requires,
        activation=Activation("losses" if unreduced(module.arguments) else "loss", None, machine.site(node), module.site),
        site=machine.site(node),
        op="loss",
        layer=module,
        inputs=tuple(inputs[:2]),
        model=next((model for each in inputs if (model := model_of(each)) is not None), None),
    )
    loss_event(machine, found.name.rpartition(".")[2], arguments, module.arguments, module, result, positional, node)
    return result


def sequence_of_unknown(machine: Machine, parts: Sequence[Value], node: ast.AST) -> Value:
    """`nn.Sequential(*layers)` of what these hold, in a number that is not known."""
    note_repetition(machine, "torch.nn.Sequential", [each for part in parts for each in held_in(part)], node)
    store = ModuleStore({**uncounted(parts), LAST: last_of(parts)})
    return Instance("torch.nn.Sequential", store, {}, machine.site(node), machine.frame)


def call_starred(machine: Machine, name: str, parts: Sequence[Value], node: ast.AST) -> Value:
    """What a call gives whose arguments come from iterables of unknown length, or from dicts of unknown keys (no `parts`)."""
    if name == "torch.nn.Sequential" and parts:
        return sequence_of_unknown(machine, parts, node)
    if name.rpartition(".")[2][:1].isupper():
        return Instance(name, {}, {0: UNKNOWN}, machine.site(node), machine.frame)
    return Unknown(machine.site(node))
