"""Calls of what is not read: Python's builtins, torch, torchvision, NumPy, and the rest."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from torchlint.semantics.builtins import _origin
from torchlint.semantics.calls import decorated_dataclass
from torchlint.semantics.checkpoints import LOADED, RESULT, is_state
from torchlint.semantics.classes import (
    descendants,
    find,
    is_module,
    is_module_type,
    library_bases,
)
from torchlint.semantics.facts import DiscardedCall, MethodNotCalled, ValueCalled
from torchlint.semantics.folding import folded
from torchlint.semantics.inspection import element_of, known_items
from torchlint.semantics.join import join_all, present
from torchlint.semantics.journey import dim_of
from torchlint.semantics.module_methods import is_optimizer, receiver_module
from torchlint.semantics.modules import by_number_or_name
from torchlint.semantics.origins import ENDS, gradient_of
from torchlint.semantics.settings import Settings
from torchlint.semantics.shape_bridge import function_shape, single_shape
from torchlint.semantics.values import (
    NONE,
    TRUE,
    UNKNOWN,
    Activation,
    Array,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Iteration,
    Library,
    LibraryMethod,
    List,
    ModuleStore,
    OneOf,
    ShapeOf,
    Size,
    Super,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.torch_api.binding import bind
from torchlint.torch_api.dtypes import LEGACY_TENSORS
from torchlint.torch_api.layers import PREPARERS, WRAPPERS
from torchlint.torch_api.lightning import STEPS_OF, TRAINER
from torchlint.torch_api.losses import OTHER_LOSSES
from torchlint.torch_api.probes import PROBES, Probe
from torchlint.torch_api.schedulers import SCHEDULER_MAKERS
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.transforms import BATCH

_PROGRESS = frozenset({"tqdm", "trange", "track", "progress_bar", "ProgressBar"})
_FUNCTION_PACKAGES = ("torch.", "torch.nn.functional.", "torch.special.", "torch.linalg.", "torch.fft.")


class Libraries(Settings):
    """What calls of libraries give and do."""

    def call_library(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        known = folded(name, positional, keywords)
        if known is not None:
            return known
        package, _, last = name.rpartition(".")
        if package == "builtins":
            return self._builtin(last, positional, keywords, node)
        if name in PROBES:
            self._probe(PROBES[name], positional, keywords, node)
        if name.startswith("torch"):
            return self._torch(name, last, positional, keywords, node)
        if package in ("numpy", "PIL.Image") or name.startswith("numpy."):
            return self.array_call(name, positional, keywords, node)
        handler: Callable[..., Value] | None = getattr(self, f"_{package.replace('.', '_')}_{last}", None)
        if handler is not None:
            return handler(positional, keywords, node)
        if last in _PROGRESS and positional:
            return Iteration(element_of(positional[0]), _origin(positional[0])) if known_items(positional[0]) is None else positional[0]
        if name.startswith("einops."):
            return self._einops(name, positional, keywords, node)
        for argument in (*positional, *keywords.values()):
            self.escape(argument, node)
            self.ends(argument, node)
        self.emit_call(name, None, bind(name, positional, keywords), positional, UNKNOWN, node)
        self.event("opaque", node, Library(name), (*positional, *keywords.values()))
        if last[:1].isupper() and not last.isupper():
            return Instance(name, {}, by_number_or_name(positional, keywords), self.site(node))
        return Unknown(self.site(node), name)

    def _probe(self, probe: Probe, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> None:
        """A model is run on an input of a size that is stated: `summary(model, (3, 32, 32))`."""
        model = present(positional[0] if positional else keywords.get("model", UNKNOWN))
        given = positional[probe.index] if len(positional) > probe.index else keywords.get(probe.keyword)
        if not isinstance(model, Instance) or not is_module(model) or given is None:
            return
        items = known_items(given)
        several = items is not None and bool(items) and not isinstance(items[0], Const | Size | Unknown)
        inputs = [given] if items is None or not several else list(items)
        if probe.sizes:
            shapes = [tuple(map(dim_of, known_items(each) or ())) for each in inputs]
            if not all(shapes):
                return
            inputs = [Tensor(shape=each if probe.batched else (BATCH, *each), dtype="float32", requires_grad=False, leaf=True, op="batch") for each in shapes]
        trace, self.trace = self.trace, []
        try:
            self.call(model, inputs, {}, node)
        finally:
            self.trace = trace

    def run_steps(self, model: Instance, names: Sequence[str], node: ast.AST) -> None:
        raise NotImplementedError

    def array_call(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        raise NotImplementedError

    def array_method(
        self, value: Array, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        raise NotImplementedError

    def vision_call(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value | None:
        raise NotImplementedError


    def _torch(
        self, name: str, last: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        if name in WRAPPERS and positional:
            if name.rpartition(".")[2][:1].isupper():
                return self.construct(name, positional, keywords, node)
            if name == "torch.jit.script" and isinstance(positional[0], Instance):
                self.trail.set(positional[0].store, "<scripted>", TRUE)
            return positional[0]
        special: Callable[..., Value] | None = getattr(self, "_" + name.replace(".", "_"), None)
        if special is not None:
            return special(positional, keywords, node)
        if last == "__init__" and isinstance(receiver := self._initialized(positional), Instance) and is_module(receiver):
            self.library_init(receiver, positional[1:], keywords, node)
            return NONE
        vision = self.vision_call(name, positional, keywords, node)
        if vision is not None:
            return vision
        if last in LEGACY_TENSORS and name in (f"torch.{last}", f"torch.cuda.{last}"):
            return self._legacy(name, last, positional, keywords, node)
        if name in OTHER_LOSSES:
            return self.other_loss(name, positional, keywords, node)
        if name.startswith("torch.Tensor.") and positional and isinstance(positional[0], Tensor):
            return self.tensor_method(positional[0], last, positional[1:], keywords, node)
        if last[:1].isupper():
            if name.startswith("torchvision.models."):
                self.call_unknown(Library(name), positional, keywords, node)
                return Instance(name, ModuleStore(), by_number_or_name(positional, keywords), self.site(node), self.frame, self.arms)
            return self.construct(name, positional, keywords, node)
        if name.startswith("torchvision.models.") and not last.startswith(("get_", "list_")):
            return Instance(name, ModuleStore(), by_number_or_name(positional, keywords), self.site(node), self.frame, self.arms)
        if name.startswith("torch.nn.utils.clip_grad"):
            self.event("clip", node, positional[0] if positional else UNKNOWN, tuple(positional))
            self.emit_call(name, None, bind(name, positional, keywords), positional, UNKNOWN, node)
            return UNKNOWN
        if name.startswith("torch.nn.functional.") and positional:
            self.turned_out.is_tensor(positional[0])
        if name.startswith(_FUNCTION_PACKAGES) and name.count(".") <= (3 if "functional" in name else 2):
            return self.operate(name, positional, keywords, node)
        for argument in (*positional, *keywords.values()):
            self.escape(argument, node)
        self.emit_call(name, None, bind(name, positional, keywords), positional, UNKNOWN, node)
        self.event("opaque", node, Library(name), (*positional, *keywords.values()))
        if name.startswith("torch.nn.init.") and last.endswith("_") and positional:
            return positional[0]
        return Unknown(self.site(node), name)

    def _legacy(self, name: str, last: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        sizes = [value for value in positional if isinstance(value, Const) and isinstance(value.value, int)]
        shape = tuple(value.value for value in sizes) if positional and len(sizes) == len(positional) else None
        data = tuple(positional) if shape is None else ()
        result = Tensor(shape=shape, dtype=LEGACY_TENSORS[last], requires_grad=False, leaf=True, site=self.site(node), op="legacy", inputs=data, device="cuda" if ".cuda." in name else self.default_device(), activation=Activation("other"))
        self.emit_call(name, None, dict(enumerate(positional)), positional, result, node)
        return result

    def call_library_method(
        self, method: LibraryMethod, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        receiver, name = present(method.receiver), method.name
        match receiver:
            case Tensor():
                return self.tensor_method(receiver, name, positional, keywords, node)
            case List():
                return self.list_method(receiver, name, positional, keywords, node)
            case Dict():
                return self.dict_method(receiver, name, positional, keywords, node)
            case Array():
                return self.array_method(receiver, name, positional, keywords, node)
            case Iteration() if name in ("next", "__next__"):
                return receiver.element
            case Const(value=str()):
                return self._string_method(receiver.value, name, positional)
            case Super():
                return self._super_method(receiver, name, positional, keywords, node)
            case Instance():
                return self._instance_method(receiver, name, positional, keywords, node)
            case Class():
                return self._class_method(receiver, name, positional, keywords, node)
            case OneOf():
                results = [
                    self.call(self.attribute(each, name, node), positional, keywords, node) for each in receiver.alternatives
                ]
                return join_all(results)
            case Unknown():
                return self._unknown_method(receiver, name, positional, keywords, node)
            case LibraryMethod() if name in ("zero_", "detach_") and gradient_of(receiver) is not None:
                self.event("zero_grad", node, UNKNOWN)
            case LibraryMethod():
                return self._unknown_method(Unknown(self.site(node), receiver.name, receiver.receiver), name, positional, keywords, node)
        return Unknown(self.site(node), name, receiver)

    def _instance_method(
        self, instance: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        module = receiver_module(LibraryMethod(instance, name))
        if module is not None:
            result = self.module_method(module, name, positional, keywords, node, instance)
            if result is not None:
                self._emit_method("torch.nn.Module", instance, name, positional, keywords, result, node)
                return result
        elif self._shows_module(instance, name) and not positional and not keywords:
            if name == "train":
                self.event("train", node, instance, training=True)
                self.trail.set(instance.store, "training", True)
                return instance
            self.trail.set(instance.store, "<module>", TRUE)
            if instance.cls == "torch.Loaded" and "training" not in instance.store:
                self.trail.set(instance.store, "training", None)
            return self._instance_method(instance, name, positional, keywords, node)
        if name == "load_state_dict" and module is None and isinstance(instance.cls, str) and positional and _checkpoint(positional[0]):
            return self.load_result(instance, node)
        if is_state(instance) and "<module>" not in instance.store:
            return self.state_method(instance, name, positional, keywords, node)
        if is_optimizer(instance):
            result = self.optimizer_method(instance, name, positional, keywords, node)
            self._emit_method(instance.cls if isinstance(instance.cls, str) else "torch.optim.Optimizer", instance, name, positional, keywords, result, node)
            return result
        loaded = self.loader_method(instance, name, positional, keywords, node)
        if loaded is not None:
            return loaded
        if positional and isinstance(instance.cls, str) and name in PREPARERS.get(instance.cls, ()):
            return self._prepared(positional)
        if name == "zero_grad" and isinstance(instance.cls, str):
            self.trail.set(instance.store, "<zeroed>", TRUE)
        if instance.cls == RESULT:
            self.used_as_model(instance, name, node)
        model = present(positional[0] if positional else keywords.get("model", UNKNOWN))
        if instance.cls == TRAINER and name in STEPS_OF and isinstance(model, Instance):
            self.run_steps(model, STEPS_OF[name], node)
        for argument in (*positional, *keywords.values()):
            self.escape(argument, node)
        if name == "step" and isinstance(instance.cls, str) and instance.cls.endswith("GradScaler"):
            self.event("step", node, positional[0] if positional else UNKNOWN, (instance,))
            return UNKNOWN
        if name == "scale" and isinstance(instance.cls, str) and instance.cls.endswith("GradScaler") and positional:
            return positional[0]
        if name == "backward":
            self.event("backward", node, positional[0] if positional else UNKNOWN, tuple(positional))
        self.event("opaque", node, instance, (*positional, *keywords.values()))
        self._emit_method(instance.cls if isinstance(instance.cls, str) else instance.cls.name, instance, name, positional, keywords, UNKNOWN, node)
        return Unknown(self.site(node), name, instance)

    def _prepared(self, given: Sequence[Value]) -> Value:
        """What a framework gives back of models, optimizers and loaders: these, on a device of its choice."""
        for each in given:
            for module in descendants(each):
                self.trail.set(module.store, "<device>", None)
        return given[0] if len(given) == 1 else Tuple(tuple(given))

    def _shows_module(self, instance: Instance, name: str) -> bool:
        """Whether a method tells that an object of a class that is not read is a module (`train` alone does not)."""
        unread = isinstance(instance.cls, str) and (instance.cls == "torch.Loaded" or not instance.cls.startswith(("torch.", "builtins.")))
        return unread and name in ("train", "eval", "parameters", "named_parameters", "modules", "children")

    def _emit_method(
        self, cls: str, instance: Value, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], result: Value, node: ast.AST
    ) -> None:
        arguments = bind(f"{cls}.{name}", positional, keywords)
        self.emit_call(f"{cls}.{name}", instance, arguments, positional, result, node)

    def _super_method(
        self, value: Super, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        receiver = value.receiver
        if not isinstance(receiver, Instance):
            return Unknown(self.site(node))
        if name == "__init__":
            self._inherited_init(value.cls, receiver, positional, keywords, node)
            return NONE
        if name in ("__setattr__",) and len(positional) == 2 and isinstance(positional[0], Const):
            self.trail.set(receiver.store, positional[0].value, positional[1])
            return NONE
        if name == "forward" and isinstance(receiver.cls, Class):
            bare = replace(receiver, cls=_library_class(receiver.cls), store=receiver.store, arguments=self._own_arguments(receiver))
            return self._applied(bare, positional, keywords, node)
        if name == "train":
            return self._module_train(receiver, positional, keywords, node)
        module = receiver_module(LibraryMethod(value, name))
        if module is not None:
            result = self.module_method(module, name, positional, keywords, node, value)
            if result is not None:
                return result
        return Unknown(self.site(node), name, receiver)

    def _initialized(self, positional: Sequence[Value]) -> Value | None:
        """What `Base.__init__(self)` initializes; without a receiver it raises, so that nothing after it is reached."""
        return positional[0] if positional else self.frame.receiver

    def _inherited_init(
        self, cls: Class, receiver: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> None:
        """`super().__init__(...)` where no base writes one: that of a dataclass, or a library's."""
        base = next((each for each in cls.bases if isinstance(each, Class) and decorated_dataclass(each)), None)
        if base is not None:
            self.fill_dataclass(receiver, base, positional, keywords, node)
        else:
            self.library_init(receiver, positional, keywords, node)

    def _class_method(
        self, cls: Class, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        if name == "apply" and any(base in ("torch.autograd.Function", "torch.autograd.function.Function") for base in library_bases(cls)):
            forward = find(cls, "forward")
            if isinstance(forward, Function):
                context = Instance("torch.autograd.Context", {}, {}, self.site(node))
                given = positional if find(cls, "setup_context") is not None else (context, *positional)
                with self.gradients(False):
                    result = self.run_function(replace(forward, owner=None), None, given, keywords, node)
                if isinstance(result, Tuple):
                    return Tuple(tuple(Tensor(site=self.site(node), op=cls.name, inputs=tuple(positional)) for _ in result.items))
                if not isinstance(result, Tensor):
                    return Unknown(self.site(node), "apply", cls)
            return Tensor(site=self.site(node), op=cls.name, inputs=tuple(positional))
        if name == "__init__" and isinstance(receiver := self._initialized(positional), Instance):
            self.library_init(receiver, positional[1:], keywords, node)
            return NONE
        if is_module_type(cls):
            return Unknown(self.site(node))
        return Unknown(self.site(node), name, cls)

    def _unknown_method(
        self, receiver: Unknown, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        """A method of something unknown; what only modules and tensors have tells what it is."""
        for argument in (*positional, *keywords.values()):
            self.escape(argument, node)
        if name in ("cuda", "numpy"):
            self.emit_call(f"torch.Tensor.{name}", receiver, by_number_or_name(positional, keywords), positional, UNKNOWN, node)
        if name == "shape" and ValueCalled in self.wanted and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            told = partial(ValueCalled, self.site(node), self.frame, self.grad, callee=self.site(node.func))
            self.turned_out.tell(receiver, self.site(node.func.value), lambda tensor: told(ShapeOf(tensor)))
        if DiscardedCall in self.wanted and getattr(self, "statement", None) is node and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            self._discarded(receiver, name, positional, keywords, node, node.func.value)
        package = made_by(receiver)
        if package is not None:
            self.emit_call(f"{package}.{name}", receiver, by_number_or_name(positional, keywords), positional, UNKNOWN, node)
        if name in ("train", "eval"):
            self.may_switch_modes(receiver, node)
        match name:
            case "backward":
                self.event("backward", node, positional[0] if positional and isinstance(positional[0], Tensor) else receiver, tuple(positional))
            case "zero_grad":
                self.event("zero_grad", node, receiver)
            case "round" if not positional and isinstance(node, ast.Call):
                self.rounded(receiver, node)
            case "step":
                if positional and isinstance(present(positional[0]), Instance) and is_optimizer(present(positional[0])):  # type: ignore[arg-type]
                    self.event("step", node, positional[0], (receiver,))
                else:
                    opaque = positional or keywords or receiver.method in SCHEDULER_MAKERS
                    self.event("opaque" if opaque else "step", node, receiver, tuple(positional))
            case "eval" | "parameters" | "state_dict" | "named_parameters" if not positional and not keywords:
                module = Instance("torch.nn.Module", ModuleStore(training=None), {}, receiver.site)
                if name == "eval":
                    self._known_as(receiver, module, node)
                    self.set_mode(module, False, node)
                    return module
                if name == "parameters":
                    self._known_as(receiver, module, node)
                    return Iteration(Tensor(leaf=True, parameter=True, model=module, op="parameter"), module)
            case "train" if not positional:
                self.event("train", node, receiver, training=True)
            case "load_state_dict" if positional and _checkpoint(positional[0]):
                return self.load_result(receiver, node)
            case "requires_grad_" | "retain_grad":
                self.event("gradient", node, receiver)
            case _:
                if name in ENDS:
                    self.ends(receiver, node)
                self.event("opaque", node, receiver, (*positional, *keywords.values()))
        return Unknown(self.site(node), name, receiver)

    def _discarded(
        self, receiver: Unknown, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.Call, written: ast.expr
    ) -> None:
        """A method called as a statement: told if what it is called on turns out to be a tensor."""
        method = f"torch.Tensor.{name}"
        told = partial(
            DiscardedCall, self.site(node), self.frame, self.grad, method,
            arguments=bind(method, positional, keywords), positional=tuple(positional), result=UNKNOWN, discarded=True,
        )  # fmt: skip
        self.turned_out.tell(receiver, self.site(written), lambda tensor: told(receiver=tensor))

    def _known_as(self, value: Unknown, module: Instance, node: ast.AST) -> None:
        """Something unknown turned out to be a module: so it is wherever it is held."""
        if value is not UNKNOWN:
            self.rebind(value, module)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name | ast.Attribute):
            self.assign(node.func.value, module)

    def _string_method(self, text: str, name: str, positional: Sequence[Value]) -> Value:
        if name in ("lower", "upper", "strip", "startswith", "endswith", "replace", "split", "title") and all(isinstance(value, Const) for value in positional):
            try:
                result = getattr(text, name)(*(value.value for value in positional if isinstance(value, Const)))
            except (TypeError, ValueError):
                return UNKNOWN
            if isinstance(result, list):
                return List({"items": tuple(map(Const, result))})
            return Const(result)
        return UNKNOWN

    def bad_operand(self, value: Value, node: ast.AST, use: str) -> None:
        if isinstance(value, LibraryMethod) and MethodNotCalled in self.wanted:
            receiver = present(value.receiver)
            told = partial(MethodNotCalled, self.site(node), self.frame, self.grad, name=value.name, use=use)
            if isinstance(receiver, Tensor | Instance | Super) or (use == "statement" and isinstance(receiver, Unknown)):
                self.emit(told(receiver))
                return
            method = node.value if isinstance(node, ast.Subscript) else node
            if value.name == "size" and isinstance(method, ast.Attribute):
                self.turned_out.tell(receiver, self.site(method.value), told)

    def bad_argument(self, value: LibraryMethod, node: ast.AST, callee: Value) -> None:
        if MethodNotCalled in self.wanted and isinstance(callee, Library | LibraryMethod):
            receiver = present(value.receiver)
            self.emit(MethodNotCalled(self.site(node), self.frame, self.grad, receiver, value.name, f"argument of {callee.name}"))

    # Python's own functions.


    # torch's own settings and wrappers.


    def _einops(self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if not positional or not isinstance(positional[0], Tensor):
            return Unknown(self.site(node), name, positional[0] if positional else None)
        shape = None
        try:
            shape = single_shape(function_shape(name, positional, keywords))
        except ShapeError as error:
            self.shape_mismatch(name, error, positional, None, node)
        source = positional[0]
        return replace(source, shape=shape, tail=None, op=name, inputs=(source,), site=self.site(node), leaf=True if source.requires_grad is False else None, parameter=False)


def made_by(value: Value, depth: int = 12) -> str | None:
    """The package whose function something unknown came from at any distance: "matplotlib.pyplot" of an axis."""
    while depth > 0 and isinstance(value, Unknown | LibraryMethod):
        if isinstance(value, Unknown) and value.receiver is None:
            package = (value.method or "").rpartition(".")[0]
            return package if package.startswith("matplotlib") else None
        value = value.receiver if value.receiver is not None else value
        depth -= 1
    return None


def _library_class(cls: Class) -> str:
    names = library_bases(cls)
    return names[0] if names else "builtins.object"


def _checkpoint(value: Value) -> bool:
    """Whether a value is what `torch.load` gave, or a part of that."""
    return isinstance(value, Instance) and value.cls == LOADED
