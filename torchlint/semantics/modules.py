"""Objects of torch: modules are built and applied, losses computed, optimizers stepped."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.semantics.building import weighted
from torchlint.semantics.class_facts import ForwardMissing, RepeatedLayer, UninitializedModule
from torchlint.semantics.classes import (
    children,
    descendants,
    find,
    is_module,
    layer_of,
    library_bases,
)
from torchlint.semantics.devices import asked_device, may_move
from torchlint.semantics.facts import Construction, ModuleCall
from torchlint.semantics.holding import held_in
from torchlint.semantics.inspection import element_of, known_items
from torchlint.semantics.layers import Layers
from torchlint.semantics.members import attributes_read, being_made, misspelt_forward, readable_bases
from torchlint.semantics.origins import model_of, snapshot_of
from torchlint.semantics.registration import plain_contents
from torchlint.semantics.results import operands, unreduced
from torchlint.semantics.shape_bridge import layer_shape, single_shape
from torchlint.semantics.site import Site
from torchlint.semantics.values import (
    FALSE,
    LAST,
    TRUE,
    UNKNOWN,
    Activation,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Library,
    List,
    ModuleStore,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.torch_api.binding import bind
from torchlint.torch_api.classifiers import Head, head_of
from torchlint.torch_api.dtypes import dtype_of
from torchlint.torch_api.layers import Layer, layer
from torchlint.torch_api.shapes.error import ShapeError

_CONTAINERS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList"})
_RECURRENT = frozenset({"torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"})
_CELLS = frozenset({"torch.nn.LSTMCell"})


class Modules(Layers):
    """Instances of classes of torch and of modules that the program defines."""

    def construct(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        """An instance of a library's class."""
        arguments = bind(name, positional, keywords)
        instance = Instance(name, ModuleStore(), arguments, self.site(node), self.frame, self.arms)
        # Every call makes another one: what a function made before must not be given out again.
        self.trail.version += 1
        if self.default_dtype is None:
            self.trail.set(instance.store, "<cast>", TRUE)
        built = layer(name)
        if built is not None and built.parameters:
            device = asked_device(arguments["device"]) if "device" in arguments else self.device_context
            self.trail.set(instance.store, "<device>", Const(device))
        if not name.startswith("torch."):
            for value in plain_contents(Tuple(tuple(arguments.values()))):
                may_move(self.trail, value)
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
                self.trail.set(store, LAST, positional[-1] if positional and is_module(positional[-1]) else UNKNOWN)
                given = positional[0] if len(positional) == 1 else None
                if isinstance(given, Dict):
                    entries = given.store.get("entries")
                    self.trail.set(store, "items", None if entries is None else tuple(entries.values()))
                    store["<seen>"] = held_in(given)
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
                    store["<seen>"] = held_in(held)
            case "torch.nn.ModuleDict" | "torch.nn.ParameterDict":
                held = positional[0] if positional else arguments.get("modules")
                entries = {} if held is None else held.store.get("entries") if isinstance(held, Dict) else None
                self.trail.set(store, "entries", entries)
                if entries is None and held is not None:
                    store["<seen>"] = list(plain_contents(held))
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
        outermost = is_module(module) and not self.applying and self.frame.forward is None
        element, self._element = self._element, False
        if UninitializedModule in self.wanted and isinstance(module.cls, Class):
            self._never_initialized(module, module.cls, node)
        mode = self.mode(module)
        self.applying += 1
        before, self.layer_grads = self.layer_grads, set()
        try:
            result = self._applied(module, positional, keywords, node)
        finally:
            self.applying -= 1
        inside, self.layer_grads = self.layer_grads, before | (self.layer_grads or self._guard_of_layer(module))
        if outermost and not self._is_function(module):
            result = self._stamped(result, module)
            # A forward may switch gradients off itself, for all of its layers.
            guard, self.grad = self.grad, False if inside == {False} else self.grad
            self.event("model", node, module, (*positional, *keywords.values()), result, mode)
            self.grad = guard
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

    def _never_initialized(self, module: Instance, cls: Class, node: ast.AST) -> None:
        """A module is applied: its `__init__`, which was run, must have run nn.Module's."""
        init = find(cls, "__init__")
        if "<init>" in module.store or self.exhausted or not isinstance(init, Function) or not is_module(module) or not being_made(module) or not readable_bases(cls):
            return
        self.trail.set(module.store, "<init>", TRUE)
        self.emit(UninitializedModule(self.site(node), self.frame, self.grad, module, Site(self.files[init.path].tree, init.node), True))

    def _guard_of_layer(self, module: Instance) -> set[bool | None]:
        found = layer_of(module)
        return {self.grad} if found is not None and found.parameters else set()

    def _is_function(self, module: Instance) -> bool:
        """Whether a module is no model but a function: a loss, an activation, pooling."""
        found = layer_of(module) if isinstance(module.cls, str) else None
        own = layer_of(module)
        return (own is not None and own.loss) or (found is not None and not found.parameters and not found.container)

    def _stamped(self, result: Value, module: Instance, depth: int = 3) -> Value:
        """What comes out of a model knows it."""
        if depth == 0:
            return result
        match result:
            case Tensor():
                return replace(result, model=module, role="prediction", storages=storages_of(result))
            case Tuple():
                return Tuple(tuple(self._stamped(item, module, depth - 1) for item in result.items), fields=result.fields)
            case List() | Dict():
                return replace(result, store={key: self._stamped_slot(held, module, depth - 1) for key, held in result.store.items()})
            case OneOf():
                return OneOf(tuple(self._stamped(each, module, depth - 1) for each in result.alternatives))
            case Unknown():
                return Unknown(result.site, "<model>", module, self.grad)
        return result

    def _stamped_slot(self, held: object, module: Instance, depth: int) -> object:
        """The contents of a container that comes out of a model."""
        if isinstance(held, tuple):
            return tuple(self._stamped(each, module, depth) for each in held)
        if isinstance(held, dict):
            return {key: self._stamped(each, module, depth) for key, each in held.items()}
        return self._stamped(held, module, depth) if isinstance(held, Value) else held

    def _applied(
        self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        if isinstance(module.cls, Class):
            forward = find(module.cls, "forward")
            if isinstance(forward, Function):
                return self.run_function(forward, module, positional, keywords, node)
        inner = module.store.get("module")
        if isinstance(inner, Instance | OneOf) and isinstance(module.cls, str):
            # A parallel wrapper brings its inputs to where the model is.
            scattered = [replace(each, device=None) if isinstance(each, Tensor) else each for each in positional]
            return self.call(inner, scattered, keywords, node)
        found = layer_of(module)
        if ForwardMissing in self.wanted and isinstance(module.cls, Class):
            self._forward_missing(module, module.cls, node)
        head = head_of(module.cls) if isinstance(module.cls, str) else None
        if head is not None:
            return self._classified(module, head, positional, node)
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
        if positional and found.activation != "keeps":
            self.turned_out.is_tensor(positional[0])
        return self._layer_result(module, found, self.refined(module, found, positional, node), keywords, node)

    def _classified(self, module: Instance, head: Head, positional: Sequence[Value], node: ast.AST) -> Value:
        """What a classifier of torchvision gives: what its head makes of the features."""
        images = positional[0] if positional else UNKNOWN
        batch = images.shape[0] if isinstance(images, Tensor) and images.shape is not None and len(images.shape) == 4 else None
        features = Tensor(shape=(batch, None) if head.flat else None, site=self.site(node), op="features", inputs=(images,))
        last = module.store.get(head.attribute)
        if isinstance(last, Instance | OneOf):
            return self.call(last, (features,), {}, node)
        if isinstance(last, Value):
            return Unknown(self.site(node))
        classes = module.arguments.get("num_classes", Const(1000))
        shape = (batch, classes.value if isinstance(classes, Const) and isinstance(classes.value, int) else None)
        return replace(features, shape=shape, activation=Activation("linear", None, self.site(node)))

    def _forward_missing(self, module: Instance, cls: Class, node: ast.AST) -> None:
        if is_module(module) and "forward" not in module.store and find(cls, "forward") is None and being_made(module) and readable_bases(cls):
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
            return self._end_of_sequence(module, node)
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

    def _end_of_sequence(self, module: Instance, node: ast.AST) -> Value:
        """What a Sequential gives of which the last module alone is known: what that does last."""
        last = module.store.get(LAST)
        if not isinstance(last, Instance):
            return Unknown(self.site(node))
        before, self.applied_at = self.applied_at, last.site if isinstance(last.cls, str) else None
        self.unsure += 1
        value = self.call(last, (Unknown(self.site(node)),), {}, node)
        self.unsure -= 1
        self.applied_at = before
        return replace(value, shape=None, tail=None) if isinstance(value, Tensor) else Unknown(self.site(node))

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
