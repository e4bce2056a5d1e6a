"""torch's functions and the methods of tensors, over abstract tensors."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchlint.semantics.alternatives import as_given
from torchlint.semantics.devices import (
    MADE,
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
from torchlint.semantics.gradients import InPlaceChange, StaleGraph
from torchlint.semantics.inspection import known_items
from torchlint.semantics.join import present
from torchlint.semantics.origins import ENDS
from torchlint.semantics.results import Results, device_in_common, operands, unreduced
from torchlint.semantics.shape_bridge import Tail, function_shape, single_shape, single_tail
from torchlint.semantics.site import Site
from torchlint.semantics.values import (
    NONE,
    UNKNOWN,
    Activation,
    Array,
    Const,
    List,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.torch_api.binding import bind
from torchlint.torch_api.dtypes import is_integer
from torchlint.torch_api.losses import APPLIES_SIGMOID, LOSS_FUNCTIONS, OTHER_LOSSES
from torchlint.torch_api.operations import (
    FOLLOWS_ANOTHER,
    OF_ONE_OPERAND,
    RESHAPED_IN_PLACE,
    SAME_NUMBERS,
    operation,
)
from torchlint.torch_api.shapes.entry import TensorShape
from torchlint.torch_api.shapes.error import ShapeError

_OPERATORS = {
    "Add": "torch.add", "Sub": "torch.sub", "Mult": "torch.mul", "Div": "torch.div", "FloorDiv": "torch.floor_divide",
    "Mod": "torch.remainder", "Pow": "torch.pow", "MatMult": "torch.matmul", "BitAnd": "torch.bitwise_and",
    "BitOr": "torch.bitwise_or", "BitXor": "torch.bitwise_xor", "USub": "torch.neg", "Invert": "torch.bitwise_not",
    "Eq": "torch.eq", "NotEq": "torch.ne", "Lt": "torch.lt", "LtE": "torch.le", "Gt": "torch.gt", "GtE": "torch.ge",
    "UAdd": "torch.clone",
}  # fmt: skip


class Tensors(Results):
    """Calls of torch's functions and of tensors' methods."""

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
            result: Value = self._other_result(bare, positional, shapes, node)
        else:
            result = self._result(op, name, positional, keywords, arguments, shapes, node)
        if op is None and _changes_in_place(name, bare) and isinstance(positional[0], Tensor):
            result = self._overwritten(bare, positional, node)
        if bare in ENDS or (op is not None and (op.gradient == "cut" or op.result == "pair")):
            for each in positional[:2]:
                self.ends(each, node)
        if bare in LOSS_FUNCTIONS and name.startswith("torch.nn.functional."):
            self.loss_event(LOSS_FUNCTIONS[bare], arguments, arguments, None, result, positional, node)
        if DevicesMeet in self.wanted and bare not in FOLLOWS_ANOTHER and bare not in OF_ONE_OPERAND:
            self.devices_meet(operands(positional, keywords), False, node)
        if _changes_in_place(name, bare) and isinstance(positional[0], Tensor) and isinstance(result, Tensor):
            self.changes(positional[0], node)
            result = self.in_place(positional[0], result)
            self.rebind(positional[0], result)
        if not quiet and (Call in self.wanted or DiscardedCall in self.wanted):
            self.emit_call(name, positional[0] if name.startswith("torch.Tensor.") else None, arguments, positional, result, node)
        return result

    def _other_result(self, bare: str, positional: Sequence[Value], shapes: Any, node: ast.AST) -> Value:
        """What an operation gives of which only the shape is known."""
        if not isinstance(shapes, TensorShape | Tail):
            return Unknown(self.site(node), bare, positional[0] if positional else None)
        device = device_in_common(operands(positional, {}))
        return Tensor(shape=single_shape(shapes), tail=single_tail(shapes), site=self.site(node), op=bare, inputs=tuple(positional[:2]), device=device)

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
        forward = self.frame.forward
        made = [each for each in values if isinstance(each, Tensor) and each.device == MADE and each.shape != ()]
        if not made or forward is None:
            return
        met = weights or any(
            is_argument(each, forward) if not isinstance(each, Tensor) else each.device not in (MADE, "cpu") and each.shape != ()
            for each in values
        )
        if met:
            for each in made:
                held = weights or any(isinstance(other, Tensor) and other.parameter for other in values)
                self.emit(DevicesMeet(self.site(node), self.frame, self.grad, each, held))

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
        bare = name.rpartition(".")[2]
        written = isinstance(node.func, ast.Attribute) and node.func.attr == bare
        pinning = bare == "cuda" or (name.startswith("torch.cuda.") and bare.endswith("Tensor"))
        named = (written and pinning) or any(map(is_cuda_name, given))
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
        for each in (first, second):
            self.turned_out.is_tensor(each)
        self.event("loss", node, criterion or UNKNOWN, (first, second), result)
        if loss in APPLIES_SIGMOID:
            self.taken_as_logits(first, node)
        if LossCall in self.wanted:
            for given in [first] if self.unsure else as_given(first, self.arms, self.conditions):
                self.emit(
                    LossCall(
                        self.site(node), self.frame, self.grad, f"torch.nn.{loss}", criterion, arguments, tuple(positional), result,
                        loss=loss, input=given, target=second, settings=settings, criterion=criterion,
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


def _changes_in_place(name: str, bare: str) -> bool:
    return name.startswith("torch.Tensor.") and bare.endswith("_") and not bare.endswith("__") and bare not in SAME_NUMBERS


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
