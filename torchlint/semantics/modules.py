"""Objects of torch: modules are built and applied, losses computed, optimizers stepped."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from torchlint.semantics.building import weighted
from torchlint.semantics.classes import (
    children,
    descendants,
    find,
    is_module,
    is_module_type,
    layer_of,
    library_bases,
)
from torchlint.semantics.devices import asked_device, move_module
from torchlint.semantics.facts import Construction, ForwardMissing, ModuleCall, RepeatedLayer
from torchlint.semantics.frame import Frame
from torchlint.semantics.inspection import element_of, known_items
from torchlint.semantics.join import join_all
from torchlint.semantics.layers import Layers
from torchlint.semantics.members import attributes_read, being_made, misspelt_forward, readable_bases
from torchlint.semantics.origins import model_of, snapshot_of
from torchlint.semantics.registration import plain_contents
from torchlint.semantics.shape_bridge import layer_shape, single_shape
from torchlint.semantics.site import Site
from torchlint.semantics.tensors import operands, unreduced
from torchlint.semantics.values import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Activation,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Iteration,
    Library,
    LibraryMethod,
    Method,
    ModuleStore,
    Super,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.torch_api.binding import bind
from torchlint.torch_api.dtypes import dtype_of
from torchlint.torch_api.layers import Layer, layer
from torchlint.torch_api.shapes.error import ShapeError

_CONTAINERS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList"})
_RECURRENT = frozenset({"torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"})
_CELLS = frozenset({"torch.nn.LSTMCell"})
_IN_PLACE = frozenset({"to", "cuda", "cpu", "float", "double", "half", "bfloat16", "type", "apply", "share_memory", "xpu", "to_empty"})
_CHILDREN_METHODS = frozenset({"children", "modules"})


class Modules(Layers):
    """Instances of classes of torch and of modules that the program defines."""

    def construct(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        """An instance of a library's class."""
        arguments = bind(name, positional, keywords)
        instance = Instance(name, ModuleStore(), arguments, self.site(node), self.frame)
        # Every call makes another one: what a function made before must not be given out again.
        self.trail.version += 1
        if self.default_dtype is None:
            self.trail.set(instance.store, "<cast>", TRUE)
        built = layer(name)
        if built is not None and built.parameters:
            device = asked_device(arguments["device"]) if "device" in arguments else self.device_context
            self.trail.set(instance.store, "<device>", Const(device))
        self.fill(instance, name, positional, arguments)
        self.note_repetition(name, [each for value in positional for each in plain_contents(Tuple((value,)))], node)
        if name.startswith("torch.optim.") and not name.startswith("torch.optim.lr_scheduler"):
            self.event("optimizer", node, instance, tuple(arguments.values()), snapshot_of(instance))
            given = [each for value in arguments.values() for each in plain_contents(Tuple((value,)))]
            self.trained |= {each.site.key for each in given if isinstance(each, Tensor) and each.site is not None}
        if name == "torch.utils.data.DataLoader":
            self.event("loader", node, instance)
        if Construction in self.wanted:
            discarded = getattr(self, "statement", None) is node
            self.emit(
                Construction(self.site(node), self.frame, self.grad, name, None, arguments, tuple(positional), instance, discarded)
            )
        return instance

    def note_repetition(self, name: str, held: Sequence[Value], node: ast.AST) -> None:
        """Tell of layers that a container is given several times."""
        if RepeatedLayer not in self.wanted or not self.repeated or name not in _CONTAINERS:
            return
        for each in held:
            if isinstance(each, Instance) and id(each.store) in self.repeated and any(map(weighted, descendants(each))):
                site, _ = self.repeated[id(each.store)]
                self.emit(RepeatedLayer(site, self.frame, self.grad, each, self.site(node)))

    def fill(
        self, instance: Instance, name: str, positional: Sequence[Value], arguments: Mapping[str | int, Value]
    ) -> None:
        """What a container holds from the start."""
        store = instance.store
        match name:
            case "torch.nn.Sequential":
                given = positional[0] if len(positional) == 1 else None
                if isinstance(given, Dict):
                    entries = given.store.get("entries")
                    self.trail.set(store, "items", None if entries is None else tuple(entries.values()))
                    for key, value in (entries or {}).items():
                        self.trail.set(store, ("name", key), value)
                elif given is not None and not is_module(given):
                    self.trail.set(store, "items", None)
                else:
                    self.trail.set(store, "items", tuple(positional))
            case "torch.nn.ModuleList" | "torch.nn.ParameterList":
                held = positional[0] if positional else arguments.get("modules", arguments.get("values"))
                items = () if held is None else known_items(held)
                self.trail.set(store, "items", items)
                if items is None and held is not None:
                    self.trail.set(store, "element", element_of(held))
            case "torch.nn.ModuleDict" | "torch.nn.ParameterDict":
                held = positional[0] if positional else arguments.get("modules")
                entries = {} if held is None else held.store.get("entries") if isinstance(held, Dict) else None
                self.trail.set(store, "entries", entries)
            case "torch.nn.DataParallel" | "torch.nn.parallel.DistributedDataParallel":
                wrapped = arguments.get("module", positional[0] if positional else UNKNOWN)
                if isinstance(wrapped, Value):
                    self.trail.set(store, "module", wrapped)

    def library_init(
        self, instance: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> None:
        """`super().__init__(...)` that reaches a library's class."""
        self.trail.set(instance.store, "<init>", TRUE)
        if not isinstance(instance.cls, Class):
            return
        for name in library_bases(instance.cls):
            if layer(name) is not None:
                arguments = bind(name, positional, keywords)
                self.fill(instance, name, positional, arguments)
                for key, value in arguments.items():
                    if isinstance(instance.arguments, dict) and name != "torch.nn.Sequential":
                        self.trail.set(instance.store, ("argument", key), value)
                        if isinstance(key, str) and name != "torch.nn.Module":
                            self.trail.set(instance.store, key, value)
                return

    # Applying a module.

    # Whether the next module to be applied is an element of a Sequential.
    _element = False

    def apply_module(
        self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        outermost = is_module(module) and not self.applying and not self._inside_forward()
        element, self._element = self._element, False
        mode = self.mode(module)
        self.applying += 1
        try:
            result = self._applied(module, positional, keywords, node)
        finally:
            self.applying -= 1
        if outermost and not self._is_function(module):
            result = self._stamped(result, module)
            self.event("model", node, module, (*positional, *keywords.values()), result, mode)
        elif self.applying and (found := layer_of(module)) is not None and found.recurrent:
            self.event("recurrent", node, module, (*positional, *keywords.values()), result, mode)
        if ModuleCall in self.wanted and is_module(module):
            name = module.cls if isinstance(module.cls, str) else module.cls.name
            self.emit(
                ModuleCall(
                    self.site(node), self.frame, self.grad, name, module,
                    by_number_or_name(positional, keywords), tuple(positional), result, getattr(self, "statement", None) is node,
                    element,
                )
            )  # fmt: skip
        return result

    def _inside_forward(self) -> bool:
        frame: Frame | None = self.frame
        while frame is not None:
            if frame.name == "forward" and is_module(frame.receiver):
                return True
            frame = frame.caller
        return False

    def _is_function(self, module: Instance) -> bool:
        """Whether a module is no model but a function: a loss, an activation, pooling."""
        found = layer_of(module) if isinstance(module.cls, str) else None
        own = layer_of(module)
        return (own is not None and own.loss) or (found is not None and not found.parameters and not found.container)

    def _stamped(self, result: Value, module: Instance) -> Value:
        """What comes out of a model knows it."""
        match result:
            case Tensor():
                return replace(result, model=module, role="prediction", storages=storages_of(result))
            case Tuple():
                return Tuple(tuple(self._stamped(item, module) for item in result.items))
            case Unknown():
                return Unknown(result.site, "<model>", module, self.grad)
        return result

    def _applied(
        self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        if isinstance(module.cls, Class):
            forward = find(module.cls, "forward")
            if isinstance(forward, Function):
                return self.run_function(forward, module, positional, keywords, node)
        inner = module.store.get("module")
        if isinstance(inner, Instance) and isinstance(module.cls, str):
            # A parallel wrapper brings its inputs to where the model is.
            scattered = [replace(each, device=None) if isinstance(each, Tensor) else each for each in positional]
            return self.call(inner, scattered, keywords, node)
        found = layer_of(module)
        if ForwardMissing in self.wanted and isinstance(module.cls, Class):
            self._forward_missing(module, module.cls, node)
        if found is None:
            return self.call_unknown(module, positional, keywords, node)
        if found.loss:
            return self._loss(module, found, positional, keywords, node)
        if found.name == "torch.nn.Sequential":
            return self._in_sequence(module, positional, keywords, node)
        if found.container:
            for argument in (*positional, *keywords.values()):
                self.escape(argument, node)
            return Unknown(self.site(node))
        return self._layer_result(module, found, self.refined(module, found, positional, node), keywords, node)

    def _forward_missing(self, module: Instance, cls: Class, node: ast.AST) -> None:
        if "forward" not in module.store and find(cls, "forward") is None and being_made(module) and readable_bases(cls):
            found = misspelt_forward(cls)
            method = Site(self.files[found[0].path].tree, found[1]) if found else None
            name = found[1].name if found else ""
            definition = Site(self.files[cls.path].tree, cls.node)
            self.emit(ForwardMissing(self.site(node), self.frame, self.grad, module, definition, method, name, self.attribute_is_read(name)))

    def attribute_is_read(self, name: str) -> bool:
        """Whether any file of the program reads an attribute of that name."""
        return any(name in attributes_read(file.tree.module) for file in self.files.values())

    def _in_sequence(
        self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        items = self.sequence_items(module)
        if items is None:
            element = module.store.get("element")
            if isinstance(element, Instance):
                self.unsure += 1
                self.call(element, positional, keywords, node)
                self.unsure -= 1
            return Unknown(self.site(node))
        value: Value = positional[0] if positional else next(iter(keywords.values()), UNKNOWN)
        before = self.applied_at
        for index, item in enumerate(items):
            arguments = positional if index == 0 else (value,)
            self.applied_at = item.site if isinstance(item, Instance) and isinstance(item.cls, str) else None
            self._element = True
            value = self.call(item, arguments, {}, node)
        self._element = False
        self.applied_at = before
        return value

    def sequence_items(self, module: Instance) -> tuple[Value, ...] | None:
        """The modules of a Sequential in order, those added by name included."""
        items = module.store.get("items")
        if items is None:
            return None
        added = [value for name, value in children(module) if not name.isdigit()]
        known = {id(each) for each in items}
        return (*items, *(each for each in added if id(each) not in known and isinstance(module.cls, Class)))

    def _loss(
        self,
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
        requires = False if self.grad is False else (True if True in known and self.grad else None if None in known or True in known else False)
        result = Tensor(
            shape=single_shape(shapes),
            dtype=None,
            requires_grad=requires,
            leaf=None if requires is None else not requires,
            activation=Activation("losses" if unreduced(module.arguments) else "loss", None, self.site(node), module.site),
            site=self.site(node),
            op="loss",
            layer=module,
            inputs=tuple(inputs[:2]),
            model=next((model for each in inputs if (model := model_of(each)) is not None), None),
        )
        self.loss_event(found.name.rpartition(".")[2], arguments, module.arguments, module, result, positional, node)
        return result

    # Methods of modules.

    def module_method(
        self,
        module: Instance,
        name: str,
        positional: Sequence[Value],
        keywords: Mapping[str, Value],
        node: ast.AST,
        receiver: Value,
    ) -> Value | None:
        """A method that nn.Module or one of its subclasses in torch offers; None if it is none of those."""
        action: Callable[..., Value] | None = getattr(self, f"_module_{name}", None)
        if action is not None:
            return action(module, positional, keywords, node)
        if name in _IN_PLACE:
            self.picks_device = self.picks_device or (name == "to" and any(isinstance(value, Unknown | LibraryMethod) for value in positional))
            move_module(self.trail, module, name, positional, keywords)
            if name in ("double", "half", "bfloat16", "float", "type") or any(k == "dtype" for k in keywords) or name == "to":
                self._note_cast(module, name, positional, keywords)
            return module
        if name in _CHILDREN_METHODS:
            held = tuple(descendants(module)) if name == "modules" else tuple(child for _, child in children(module))
            return Iteration(join_all(list(held)) if held else UNKNOWN, module)
        if name == "forward":
            return self.apply_module(module, positional, keywords, node)
        return None

    def _note_cast(self, module: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value]) -> None:
        given = [value for value in (*positional, *keywords.values()) if not isinstance(value, Const)]
        if name != "to" or any(not isinstance(v, Instance) for v in given):
            unclear = name != "to" or any(isinstance(v, Tensor) or (isinstance(v, Library) and v.name.startswith("torch.")) for v in given)
            if unclear:
                for each in descendants(module):
                    self.trail.set(each.store, "<cast>", TRUE)

    def _module_train(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        mode = positional[0] if positional else keywords.get("mode", TRUE)
        self.set_mode(module, bool(mode.value) if isinstance(mode, Const) else None, node)
        return module

    def _module_eval(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.set_mode(module, False, node)
        return module

    def set_mode(self, module: Instance, training: bool | None, node: ast.AST) -> None:
        for each in descendants(module):
            self.trail.set(each.store, "training", training)
        self.event("train" if training else "eval" if training is False else "mode", node, module, training=training)

    def _module_parameters(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        requires = None if self._frozen(module) or module.cls == "torch.nn.Module" else True
        return Iteration(Tensor(requires_grad=requires, leaf=True, parameter=True, model=module, op="parameter"), module)

    def _module_named_parameters(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        inner = self._module_parameters(module, positional, keywords, node)
        return Iteration(Tuple((UNKNOWN, element_of(inner))), module)

    def _module_zero_grad(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.event("zero_grad", node, module)
        return NONE

    def _module_requires_grad_(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        fixed = FALSE in (*positional, *keywords.values())
        for each in descendants(module):
            self.trail.set(each.store, "<frozen>", TRUE)
            if fixed:
                self.trail.set(each.store, "<fixed>", TRUE)
            for name, held in list(each.store.items()):
                if isinstance(held, Tensor) and held.parameter:
                    self.trail.set(each.store, name, replace(held, requires_grad=None))
        return module

    def _module_register_buffer(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self._register(module, positional, "<buffers>", node)

    def _module_register_parameter(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self._register(module, positional, "<parameters>", node)

    def _module_add_module(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if layer_of(module) is not None and isinstance(module.cls, str) and "items" in module.store:
            value = positional[1] if len(positional) > 1 else keywords.get("module", UNKNOWN)
            items = module.store["items"]
            self.trail.set(module.store, "items", None if items is None else (*items, value))
            if positional and isinstance(positional[0], Const):
                self.trail.set(module.store, ("name", positional[0].value), value)
            return NONE
        return self._register(module, (*positional, *keywords.values()), "<modules>", node)

    _module_register_module = _module_add_module

    def _module___setattr__(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self.call(Library("builtins.setattr"), (module, *positional), {}, node)

    def _register(self, module: Instance, positional: Sequence[Value], kind: str, node: ast.AST) -> Value:
        self.needs_init(module, node)
        if len(positional) >= 2 and isinstance(positional[0], Const) and isinstance(positional[0].value, str):
            self.trail.set(module.store, positional[0].value, positional[1])
            self.trail.set(module.store, kind, (*(module.store.get(kind) or ()), positional[0].value))
        else:
            self.trail.set(module.store, "<setattr>", TRUE)
        if kind == "<modules>" and len(positional) >= 2 and module.store.get("items") is not None:
            # A Sequential of the program runs what is added in the order in which that happens, whatever the names are.
            self.trail.set(module.store, "items", (*module.store["items"], positional[1]))
        return NONE

    def _module_append(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        items = module.store.get("items")
        module.store.setdefault("<seen>", []).extend(positional[:1])
        if items is not None and positional:
            self.trail.set(module.store, "items", (*items, positional[0]))
        return module

    def _module_extend(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        items, more = module.store.get("items"), known_items(positional[0]) if positional else None
        module.store.setdefault("<seen>", []).extend(more if more is not None else [element_of(each) for each in positional[:1]])
        self.trail.set(module.store, "items", None if items is None or more is None else (*items, *more))
        return module

    def _module_insert(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        module.store.setdefault("<seen>", []).extend(positional[1:2])
        self.trail.set(module.store, "items", None)
        return NONE

    def _module_update(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        module.store.setdefault("<seen>", []).extend(each for value in positional for each in plain_contents(value))
        self.trail.set(module.store, "entries", None)
        return NONE

    def _module_values(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        entries = module.store.get("entries")
        if entries is None:
            return Iteration(UNKNOWN)
        return Tuple(tuple(entries.values()))

    def _module_items(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        entries = module.store.get("entries")
        if entries is None:
            return Iteration(UNKNOWN)
        return Tuple(tuple(Tuple((Const(key), value)) for key, value in entries.items()))

    def _module_keys(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        entries = module.store.get("entries")
        return Iteration(UNKNOWN) if entries is None else Tuple(tuple(Const(key) for key in entries))

    # Optimizers, schedulers, scalers.

    def optimizer_method(
        self, instance: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        cls = instance.library_name or ""
        if cls.startswith("torch.optim.lr_scheduler."):
            if name == "step":
                self.event("scheduler", node, instance, (*positional, *keywords.values()))
            return self.load_result(instance, node) if name == "load_state_dict" else UNKNOWN
        if name == "zero_grad":
            self.event("zero_grad", node, instance)
            return NONE
        if name == "step":
            closure = positional[0] if positional else keywords.get("closure")
            if isinstance(closure, Function | Method):
                self.call(closure, (), {}, node)
            self.event("step", node, instance, (closure,) if closure is not None else ())
            self.stepped(instance)
            return UNKNOWN
        if name == "load_state_dict":
            return self.load_result(instance, node)
        return Unknown(self.site(node), name, instance)

    def stepped(self, optimizer: Instance) -> None:
        raise NotImplementedError

    def load_result(self, loaded: Value, node: ast.AST) -> Instance:
        raise NotImplementedError


def by_number_or_name(positional: Sequence[Value], keywords: Mapping[str, Value]) -> dict[str | int, Value]:
    """Arguments of something whose signature is not known."""
    arguments: dict[str | int, Value] = dict(enumerate(positional))
    arguments.update(keywords)
    return arguments


def takes_floats(module: Instance) -> bool:
    """Whether a module is a layer of torch that has no version for integers."""
    found = layer_of(module)
    if found is None or not isinstance(module.cls, str) or "Embedding" in found.name:
        return False
    if not found.parameters:
        return "softm" in found.activation
    return FALSE not in (module.arguments.get("affine"), module.arguments.get("elementwise_affine"))


def weight_dtype(module: Instance) -> str | None:
    """The dtype of the weights that a layer multiplies its input with; None where it is not known."""
    found = layer_of(module)
    if found is None or not found.parameters or not takes_floats(module) or "<cast>" in module.store:
        return None
    weight, dtype = module.store.get("weight"), module.arguments.get("dtype")
    if isinstance(weight, Tensor):
        return weight.dtype
    return "float32" if dtype is None else dtype_of(dtype.name) if isinstance(dtype, Library) else None


def is_optimizer(instance: Instance) -> bool:
    names = [instance.cls] if isinstance(instance.cls, str) else library_bases(instance.cls)
    return any(name.startswith("torch.optim.") for name in names)


def receiver_module(method: LibraryMethod) -> Instance | None:
    """The module on which a method of nn.Module is called, directly or by super()."""
    value = method.receiver.receiver if isinstance(method.receiver, Super) else method.receiver
    if isinstance(value, Instance) and (is_module(value) or is_module_type(value.cls)):
        return value
    return None

