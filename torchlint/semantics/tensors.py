"""torch's functions and the methods of tensors, over abstract tensors."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from torchlint.semantics.calls import Calls
from torchlint.semantics.classes import is_module
from torchlint.semantics.devices import (
    DEFAULT,
    MADE,
    asked_device,
    is_argument,
    is_cuda_name,
)
from torchlint.semantics.facts import (
    Arithmetic,
    Call,
    DevicePinned,
    DevicesMeet,
    DiscardedCall,
    LossCall,
    ShapeMismatch,
)
from torchlint.semantics.frame import Frame
from torchlint.semantics.gradients import InPlaceChange, StaleGraph
from torchlint.semantics.inspection import known_items
from torchlint.semantics.join import join_activations, present
from torchlint.semantics.origins import ENDS, model_of
from torchlint.semantics.shape_bridge import Tail, function_shape, single_shape, single_tail
from torchlint.semantics.site import Site
from torchlint.semantics.values import (
    FALSE,
    NONE,
    UNKNOWN,
    Activation,
    Array,
    Const,
    Iteration,
    Library,
    List,
    OneOf,
    ShapeOf,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.torch_api.binding import bind
from torchlint.torch_api.dtypes import dtype_of, is_integer, promote
from torchlint.torch_api.images import scale_after, scale_as
from torchlint.torch_api.losses import APPLIES_SIGMOID, LOSS_FUNCTIONS, OTHER_LOSSES
from torchlint.torch_api.operations import (
    CLAMPS,
    FOLLOWS_ANOTHER,
    MAY_RETURN_INPUT,
    RESHAPED_IN_PLACE,
    SAME_NUMBERS,
    Operation,
    operation,
)
from torchlint.torch_api.results import result_dtype
from torchlint.torch_api.shapes.entry import TensorShape
from torchlint.torch_api.shapes.error import ShapeError

_OPERATORS = {
    "Add": "torch.add", "Sub": "torch.sub", "Mult": "torch.mul", "Div": "torch.div", "FloorDiv": "torch.floor_divide",
    "Mod": "torch.remainder", "Pow": "torch.pow", "MatMult": "torch.matmul", "BitAnd": "torch.bitwise_and",
    "BitOr": "torch.bitwise_or", "BitXor": "torch.bitwise_xor", "USub": "torch.neg", "Invert": "torch.bitwise_not",
    "Eq": "torch.eq", "NotEq": "torch.ne", "Lt": "torch.lt", "LtE": "torch.le", "Gt": "torch.gt", "GtE": "torch.ge",
    "UAdd": "torch.clone",
}  # fmt: skip
_SOURCES = frozenset({"zeros", "ones", "empty", "rand", "randn", "full", "eye", "linspace", "logspace", "normal"})


class Tensors(Calls):
    """Calls of torch's functions and of tensors' methods."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        if any("set_default_" in source.text for source in self.program.sources.values()):
            self.default_dtype = None
            self.device_context = None

    def tensor_arithmetic(self, node: ast.AST, operator: str, operands: Sequence[Value]) -> Value:
        if not any(isinstance(each, Tensor) for each in operands):
            result: Value = self.array_arithmetic(operator, operands, node)
            source = next((each.source for each in operands if isinstance(each, Array) and each.source is not None), None)
            if isinstance(result, Array) and source is not None:
                result = replace(result, source=source)
        else:
            name = _OPERATORS.get(operator)
            result = self.operate(name, operands, {}, node, quiet=True) if name else self.unknown(node)
        if Arithmetic in self.wanted:
            self.emit(Arithmetic(self.site(node), self.frame, self.grad, operator, tuple(operands), result))
        return result

    def array_arithmetic(self, operator: str, operands: Sequence[Value], node: ast.AST) -> Value:
        raise NotImplementedError

    def operate(
        self,
        name: str,
        positional: Sequence[Value],
        keywords: Mapping[str, Value],
        node: ast.AST,
        quiet: bool = False,
    ) -> Value:
        """A function of torch, or a tensor's method with the tensor as its first argument."""
        bare = name.rpartition(".")[2]
        if bare in ("as_tensor", "asarray") and len(positional) == 1 and not keywords and isinstance(positional[0], Tensor):
            return positional[0]
        if bare == "round" and isinstance(node, ast.Call) and positional:
            self.rounded(positional[0], node)
        arguments = bind(name, positional[1:] if name.startswith("torch.Tensor.") else positional, keywords)
        shapes = self._shapes(name, positional, keywords, node)
        op = operation(bare)
        if op is None:
            result: Value = Tensor(shape=single_shape(shapes), tail=single_tail(shapes), site=self.site(node), op=bare, inputs=tuple(positional[:2])) if isinstance(shapes, TensorShape | Tail) else Unknown(self.site(node), bare, positional[0] if positional else None)
        else:
            result = self._result(op, name, positional, keywords, arguments, shapes, node)
        if op is None and _changes_in_place(name, bare) and isinstance(positional[0], Tensor):
            result = self._overwritten(bare, positional, node)
        if bare in ENDS or (op is not None and (op.gradient == "cut" or op.result == "pair")):
            for each in positional[:2]:
                self.ends(each, node)
        if bare in LOSS_FUNCTIONS and name.startswith("torch.nn.functional."):
            self.loss_event(LOSS_FUNCTIONS[bare], arguments, arguments, None, result, positional, node)
        if DevicesMeet in self.wanted and bare not in FOLLOWS_ANOTHER:
            self.devices_meet(operands(positional, keywords), False, node)
        if _changes_in_place(name, bare) and isinstance(positional[0], Tensor) and isinstance(result, Tensor):
            self.changes(positional[0], node)
            result = self.in_place(positional[0], result)
            self.rebind(positional[0], result)
        if not quiet and (Call in self.wanted or DiscardedCall in self.wanted):
            self.emit_call(name, positional[0] if name.startswith("torch.Tensor.") else None, arguments, positional, result, node)
        return result

    def _overwritten(self, bare: str, positional: Sequence[Value], node: ast.AST) -> Tensor:
        """A tensor after a change in place of which only that much is known."""
        known = [each.requires_grad if isinstance(each, Tensor) else False if isinstance(each, Const) else None for each in positional]
        requires = False if self.grad is False or not any(each is not False for each in known) else None
        shape = positional[0].shape if isinstance(positional[0], Tensor) and bare not in RESHAPED_IN_PLACE else None
        if bare == "resize_":
            shape = single_shape(self._shapes("torch.zeros", positional[1:], {}, node))
        return Tensor(shape=shape, requires_grad=requires, site=self.site(node))

    def in_place(self, before: Tensor, result: Tensor) -> Tensor:
        """A tensor after an operation on it in place: the same dtype, and gradients as before unless some flow in."""
        requires, leaf = before.requires_grad, before.leaf
        if result.requires_grad is not False and before.requires_grad is not True and is_integer(before.dtype) is not True:
            requires = result.requires_grad if is_integer(before.dtype) is False else None
            leaf = False if requires else None
        elif self.grad is not False and before.requires_grad and leaf is not False:
            leaf = None
        return replace(result, dtype=before.dtype, requires_grad=requires, leaf=leaf, parameter=before.parameter, storages=storages_of(before), device=before.device)

    def devices_meet(self, values: Sequence[Value], weights: bool, node: ast.AST) -> None:
        """Tell of what forward made on the CPU and now meets its input, or weights."""
        forward = self.forward_frame()
        made = [each for each in values if isinstance(each, Tensor) and each.device == MADE and each.shape != ()]
        if not made or forward is None:
            return
        met = weights or any(
            is_argument(each, forward) if not isinstance(each, Tensor) else each.device not in (MADE, "cpu") and each.shape != ()
            for each in values
        )
        if met:
            for each in made:
                self.emit(DevicesMeet(self.site(node), self.frame, self.grad, each))

    def changes(self, tensor: Tensor, node: ast.AST) -> None:
        """A tensor is about to be changed in place; through `.data`, behind the back of any graph that holds it."""
        if InPlaceChange in self.wanted:
            self.emit(InPlaceChange(self.site(node), self.frame, self.grad, tensor))
        base = tensor.inputs[0] if tensor.op == "data" and tensor.inputs else None
        if StaleGraph in self.wanted and isinstance(base, Tensor):
            self.overwritten[id(base)] = (base, self.site(node))

    def emit_call(
        self,
        name: str,
        receiver: Value | None,
        arguments: Mapping[str | int, Value],
        positional: Sequence[Value],
        result: Value,
        node: ast.AST,
    ) -> None:
        if DevicePinned in self.wanted:
            self._pinned(name, node)
        if DiscardedCall in self.wanted and getattr(self, "statement", None) is node:
            self.emit(DiscardedCall(self.site(node), self.frame, self.grad, name, receiver, arguments, tuple(positional), result, True))
        if Call in self.wanted and (self.wanted_calls is None or name.rpartition(".")[2] in self.wanted_calls):
            discarded = getattr(self, "statement", None) is node
            self.emit(Call(self.site(node), self.frame, self.grad, name, receiver, arguments, tuple(positional), result, discarded))

    def _pinned(self, name: str, node: ast.AST) -> None:
        """Tell of CUDA by name, where the program asks elsewhere whether there is CUDA."""
        if not name.startswith("torch.") or not isinstance(node, ast.Call):
            return
        placed = node.args if name.rpartition(".")[2] == "to" else ()
        given = (*placed, *(each.value for each in node.keywords if each.arg == "device"))
        named = name.rpartition(".")[2] == "cuda" or (name.startswith("torch.cuda.") and name.endswith("Tensor")) or any(map(is_cuda_name, given))
        if named and name not in ("torch.device",) and any("is_available" in source.text for source in self.program.sources.values()):
            self.emit(DevicePinned(self.site(node), self.frame, self.grad))

    def loss_event(
        self,
        loss: str,
        arguments: Mapping[str | int, Value],
        settings: Mapping[str | int, Value],
        criterion: Value | None,
        result: Value,
        positional: Sequence[Value],
        node: ast.AST,
    ) -> None:
        first = present(arguments.get("input", arguments.get(0, UNKNOWN)))
        second = present(arguments.get("target", arguments.get(1, UNKNOWN)))
        self.event("loss", node, criterion or UNKNOWN, (first, second), result)
        if loss in APPLIES_SIGMOID:
            self.taken_as_logits(first, node)
        if LossCall in self.wanted:
            self.emit(
                LossCall(
                    self.site(node), self.frame, self.grad, f"torch.nn.{loss}", criterion, arguments, tuple(positional), result,
                    loss=loss, input=first, target=second, settings=settings, criterion=criterion,
                )
            )  # fmt: skip

    def rounded(self, value: Value, node: ast.Call) -> None:
        """`torch.round(x)` or `x.round()`."""
        if len(node.args) + isinstance(node.func, ast.Attribute) and not node.keywords:
            written = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
            if written is not None:
                self.thresholded(value, written, node)

    def other_loss(self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        """A loss that is a function of a package beside torch.nn.functional."""
        found = OTHER_LOSSES[name]
        arguments: dict[str | int, Value] = dict(zip(found.parameters, positional, strict=False))
        arguments.update(keywords)
        prediction, target = (arguments.get(key, UNKNOWN) for key in found.parameters[:2])
        kind = "losses" if unreduced({"reduction": Const(found.reduction), **arguments}) else "loss"
        result = Tensor(activation=Activation(kind, None, self.site(node)), site=self.site(node), op="loss", inputs=(prediction, target))
        self.loss_event(found.name, {**arguments, "input": prediction, "target": target}, arguments, None, result, positional, node)
        return result

    def _shapes(self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Any:
        try:
            return function_shape(name, positional, keywords)
        except ShapeError as error:
            self.shape_mismatch(name, error, positional, None, node)
            return None

    def shape_mismatch(
        self, operation: str, error: ShapeError, inputs: Sequence[Value], module: Value | None, node: ast.AST
    ) -> None:
        if ShapeMismatch in self.wanted and not self.unsure and not self.exhausted:
            self.emit(
                ShapeMismatch(self.application(node), self.frame, self.grad, operation, error.kind, error.reason, tuple(inputs), module, error)
            )

    def _result(
        self,
        op: Operation,
        name: str,
        positional: Sequence[Value],
        keywords: Mapping[str, Value],
        arguments: Mapping[str | int, Value],
        shapes: Any,
        node: ast.AST,
    ) -> Value:
        inputs = operands(positional, keywords)
        bare = op.name
        dtype = self._dtype(op, inputs, arguments)
        requires_grad = self._requires_grad(op, inputs, arguments, dtype)
        made = Tensor(
            shape=single_shape(shapes),
            tail=single_tail(shapes),
            dtype=dtype,
            requires_grad=requires_grad,
            leaf=True if requires_grad is False or (op.gradient == "source" and requires_grad) else None if requires_grad is None else False,
            device=self._device(op, inputs, arguments),
            activation=self._activation(op, inputs, arguments, node),
            site=self.site(node),
            op=bare,
            inputs=tuple(inputs[:4]),
            model=next((found for each in inputs[:4] if (found := model_of(each)) is not None), None),
            role=inputs[0].role if inputs and isinstance(inputs[0], Tensor) and op.activation == "keeps" else None,
            scale=_scale(op, inputs, dtype),
            storages=storages_of(inputs[0]) if op.activation == "keeps" and inputs and isinstance(inputs[0], Tensor) else frozenset(),
        )
        if made.scale == "1" and isinstance(inputs[0], Tensor) and inputs[0].scale == "255":
            self.scaled_later(inputs[0], made)
        if bare in MAY_RETURN_INPUT and made.requires_grad:
            made = replace(made, leaf=False if isinstance(inputs[0], Tensor) and inputs[0].leaf is False else None)
        if bare in ("max", "min") and len(inputs) > 1 and not _has_dim(positional, arguments):
            if not isinstance(inputs[1], Tensor):
                # A dim gives a pair, another tensor the elementwise maximum.
                return Unknown(self.site(node), bare, inputs[0])
            made = replace(made, dtype=promote(made.dtype, inputs[1].dtype))
        if op.result == "pair" or (bare in ("max", "min") and _has_dim(positional, arguments)):
            shape = single_shape(shapes[0]) if isinstance(shapes, tuple) else None
            made = replace(made, tail=single_tail(shapes[0]) if isinstance(shapes, tuple) else None)
            indices = replace(made, shape=shape, dtype="int64", requires_grad=False, leaf=True, activation=Activation("other"), op=f"{bare}_indices")
            return Tuple((replace(made, shape=shape), indices))
        if op.result == "sequence":
            if isinstance(shapes, tuple):
                return Tuple(tuple(replace(made, shape=single_shape(each), tail=single_tail(each)) for each in shapes))
            return Iteration(made)
        if bare in ("max", "min") and len(positional) == 1 and not keywords:
            return replace(made, shape=(), tail=None)
        return made

    def scaled_later(self, tensor: Tensor, result: Tensor) -> None:
        raise NotImplementedError

    def _dtype(self, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value]) -> str | None:
        given = arguments.get("dtype")
        if isinstance(given, Library):
            return dtype_of(given.name)
        if given is not None and given != NONE:
            return None
        if op.dtype == "argument":
            return self._made_dtype(op, inputs, arguments)
        facts: list[tuple[str | None, int | None]] = []
        for each in inputs:
            if isinstance(each, Tensor):
                facts.append((each.dtype, None if each.shape is None else len(each.shape)))
            elif isinstance(each, Const) and isinstance(each.value, bool | int | float):
                facts.append((f"python {type(each.value).__name__}", 0))
            elif isinstance(each, Size):
                facts.append(("python int", 0))
            else:
                facts.append((None, None))
        return result_dtype(op, facts, self.default_dtype)

    default_dtype: str | None = "float32"

    @cached_property
    def overwritten(self) -> dict[int, tuple[Tensor, Site]]:
        """Tensors that were changed through `.data`, by identity, and where."""
        return {}

    def _made_dtype(self, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value]) -> str | None:
        if op.name in _SOURCES:
            if op.name == "full":
                fill = arguments.get("fill_value")
                return self._literal_dtype(fill) if fill is not None else None
            return self.default_dtype
        if op.name.endswith("_like") or op.name.startswith("new_"):
            return inputs[0].dtype if inputs and isinstance(inputs[0], Tensor) else None
        if op.name in ("randint", "randperm"):
            return "int64"
        if op.name in ("embedding", "embedding_bag"):
            weight = arguments.get("weight")
            return weight.dtype if isinstance(weight, Tensor) else None
        if op.name == "arange":
            kinds = {type(each.value) if isinstance(each, Const) else int if isinstance(each, Size) else None for each in arguments.values()}
            return None if None in kinds else self.default_dtype if float in kinds else "int64"
        if op.name in ("tensor", "as_tensor", "from_numpy"):
            data = arguments.get("data", arguments.get("ndarray"))
            return self._literal_dtype(data) if data is not None else None
        return None

    def _literal_dtype(self, value: Value) -> str | None:
        """The dtype that `torch.tensor` gives to nested Python data."""
        match value:
            case Const(value=bool()):
                return "bool"
            case Const(value=int()) | Size():
                return "int64"
            case Const(value=float()):
                return self.default_dtype
            case Tensor() | Array():
                return value.dtype
            case List() | Tuple():
                items = known_items(value)
                if not items:
                    return None if items is None else self.default_dtype
                kinds = {self._literal_dtype(item) for item in items[:256]}
                if None in kinds or len(items) > 256:
                    return None
                if len(kinds) == 1:
                    return kinds.pop()
                return self.default_dtype if self.default_dtype in kinds and kinds <= {"int64", "bool", self.default_dtype} else "int64" if kinds <= {"int64", "bool"} else None
        return None

    def _requires_grad(
        self, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value], dtype: str | None
    ) -> bool | None:
        if op.gradient == "source":
            given = arguments.get("requires_grad", FALSE)
            if op.name in ("as_tensor", "asarray") and not all(isinstance(each, Const | Array | List) for each in inputs):
                return None
            return given.value if isinstance(given, Const) and isinstance(given.value, bool) else None
        if op.gradient == "cut" or is_integer(dtype):
            return False
        inputs = inputs[:1] if op.first_only else inputs
        known = [each.requires_grad if isinstance(each, Tensor) else False if isinstance(each, Const | Size | Library | Array) else None for each in inputs]
        if self.grad is False:
            # Even then a view shares its base's requires_grad.
            return None if op.activation == "keeps" and inputs and known[0] is not False else False
        if True in known:
            return True if self.grad else None
        return None if None in known else False

    # The device that a surrounding `with torch.device(…)` names, or None where torch's own default is not to be relied upon.
    device_context: str | None = DEFAULT

    def default_device(self) -> str | None:
        """Where a tensor comes to be for which no device is named."""
        if self.device_context == DEFAULT and self.forward_frame() is not None:
            return MADE
        return self.device_context

    def forward_frame(self) -> Frame | None:
        """The running forward of a module, if there is one."""
        frame: Frame | None = self.frame
        while frame is not None:
            if frame.name == "forward" and is_module(frame.receiver):
                return frame
            frame = frame.caller
        return None

    def _device(self, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value]) -> str | None:
        if op.gradient == "source" and not (op.name.endswith("_like") or op.name.startswith("new_")):
            data = arguments.get("data")
            if "device" in arguments:
                return asked_device(arguments["device"])
            # A copy is where the tensor is that it was made of.
            if op.name in ("tensor", "as_tensor") and isinstance(data, Tensor | Unknown):
                return data.device if isinstance(data, Tensor) else None
            return self.default_device()
        if "device" in arguments:
            return asked_device(arguments["device"])
        devices = {each.device for each in inputs if isinstance(each, Tensor) and each.shape != ()}
        return devices.pop() if len(devices) == 1 else None

    def _activation(
        self, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value], node: ast.AST
    ) -> Activation | None:
        if op.activation == "keeps":
            kept = [each.activation if isinstance(each, Tensor) else None for each in inputs[:8] if not isinstance(each, Const | Size | Tuple)]
            result = kept[0] if kept else None
            if op.name in ("cat", "stack", "concat", "concatenate", "hstack", "vstack"):
                for other in kept[1:]:
                    result = join_activations(result, other)
            return replace(result, clamped=True) if result is not None and op.name in CLAMPS else result
        dim = arguments.get("dim")
        along = dim.value if isinstance(dim, Const) and isinstance(dim.value, int) else None
        kind = "losses" if op.activation == "loss" and unreduced(arguments) else op.activation
        return Activation(kind, along, self.site(node))


def unreduced(settings: Mapping[str | int, Value]) -> bool:
    """Whether a loss with these arguments gives one value for each sample."""
    return settings.get("reduction") == Const("none") or settings.get("reduce") == FALSE


def _changes_in_place(name: str, bare: str) -> bool:
    return name.startswith("torch.Tensor.") and bare.endswith("_") and not bare.endswith("__") and bare not in SAME_NUMBERS


def operands(positional: Sequence[Value], keywords: Mapping[str, Value]) -> list[Value]:
    """The tensors (or what may be some) among a call's arguments, lists of them opened up."""
    found: list[Value] = []
    for value in (*positional, *(keywords[key] for key in ("input", "other", "weight", "tensors", "target", "min", "max", "value") if key in keywords)):
        if isinstance(value, List | Tuple):
            items = known_items(value)
            if items is None:
                found.append(UNKNOWN)
            elif not all(isinstance(item, Const | Size) for item in items):
                found.extend(items)
        elif isinstance(value, OneOf):
            found.append(present(value))
        elif not isinstance(value, ShapeOf):
            found.append(value)
    return found


def _scale(op: Operation, inputs: Sequence[Value], dtype: str | None) -> str | None:
    """The range of an image's values after an operation."""
    source = inputs[0] if inputs else None
    if not isinstance(source, Tensor | Array):
        return None
    if op.name in ("tensor", "as_tensor", "from_numpy"):
        return scale_as(dtype, source.scale)
    if op.name in ("clamp", "clip") and source.scale == "normalized":
        return None
    if op.activation == "keeps":
        return source.scale
    number = inputs[1].value if len(inputs) == 2 and isinstance(inputs[1], Const) else None
    return scale_after(op.name, source.scale, number)


def contents(value: Value, depth: int = 3) -> list[Value]:
    """What nested lists and tuples hold in the end; for a list of unknown length, what each of its elements is."""
    if depth == 0 or not isinstance(value, List | Tuple):
        return [value]
    items = known_items(value)
    if items is None:
        items = (value.store.get("element", UNKNOWN),) if isinstance(value, List) else ()
    return [each for item in items[:64] for each in contents(item, depth - 1)]


def made_a_column(tensor: Tensor, site: Site | None, depth: int = 6) -> bool:
    """Whether a column was made one on purpose: by `None`, by `unsqueeze`, or by a `view` in the very place of its use."""
    inline = site is not None and tensor.site is not None and tensor.site.node is site.node
    if tensor.op == "unsqueeze" or (tensor.op in ("view", "reshape") and inline):
        return True
    # A slice is a tuple of another type, whose bounds may be None as well.
    if tensor.op == "getitem" and len(tensor.inputs) == 2 and type(tensor.inputs[1]) is Tuple and NONE in tensor.inputs[1].items:
        return True
    return depth > 0 and any(
        isinstance(each, Tensor) and each.shape == tensor.shape and made_a_column(each, None, depth - 1) for each in tensor.inputs
    )


def _has_dim(positional: Sequence[Value], arguments: Mapping[str | int, Value]) -> bool:
    dim = arguments.get("dim")
    return (isinstance(dim, Const | Size) and dim != NONE) or (len(positional) > 1 and isinstance(positional[1], Const))


