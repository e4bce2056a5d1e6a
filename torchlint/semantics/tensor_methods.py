"""The methods of tensors that are more than an operation: casts, moves, sizes, leaves."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.semantics.classes import descendants
from torchlint.semantics.devices import (
    DEFAULT,
    MADE,
    MOVED,
    asked_device,
    device_of,
)
from torchlint.semantics.gradients import StaleGraph, saved_for_backward
from torchlint.semantics.inspection import shape_value
from torchlint.semantics.origins import gradient_of
from torchlint.semantics.shape_bridge import dim_value
from torchlint.semantics.tensors import Tensors
from torchlint.semantics.values import (
    NONE,
    TRUE,
    UNKNOWN,
    Array,
    Const,
    Instance,
    Library,
    Tensor,
    Unknown,
    Value,
    storages_of,
)
from torchlint.torch_api.binding import bind
from torchlint.torch_api.dims import product
from torchlint.torch_api.dtypes import CASTS, LEGACY_TENSORS, dtype_of, is_floating, is_integer
from torchlint.torch_api.images import scale_as


class TensorMethods(Tensors):
    """Calls of tensors' methods."""

    def tensor_method(
        self,
        tensor: Tensor,
        name: str,
        positional: Sequence[Value],
        keywords: Mapping[str, Value],
        node: ast.AST,
    ) -> Value:
        """`tensor.name(...)`."""
        qualified = f"torch.Tensor.{name}"
        if name == "zero_" and (parameter := gradient_of(tensor)) is not None:
            self.event("zero_grad", node, parameter)
        special = getattr(self, f"_method_{name}", None)
        if special is None and name in CASTS:
            result = self._cast(tensor, CASTS[name], node)
        elif special is not None:
            result = special(tensor, positional, keywords, node)
        else:
            return self.operate(qualified, (tensor, *positional), keywords, node)
        self.emit_call(qualified, tensor, bind(qualified, positional, keywords), (tensor, *positional), result, node)
        return result

    def _cast(self, tensor: Tensor, dtype: str | None, node: ast.AST) -> Tensor:
        if dtype is not None and tensor.dtype == dtype:
            return tensor
        requires = False if is_integer(dtype) else tensor.requires_grad if self.grad else (False if self.grad is False else None)
        if dtype is None and requires:
            requires = None
        moved = dtype is not None and tensor.dtype is not None
        leaf = True if requires is False else False if requires and moved else None
        activation = None if is_integer(dtype) else tensor.activation
        return replace(tensor, dtype=dtype, scale=scale_as(dtype, tensor.scale), activation=activation, requires_grad=requires, leaf=leaf, op="to", inputs=(tensor,), site=self.site(node), parameter=False, storages=storages_of(tensor))

    def _method_to(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        result = tensor
        for value in (*positional, *(keywords[key] for key in ("dtype", "device", "other") if key in keywords)):
            if isinstance(value, Library) and dtype_of(value.name):
                result = self._cast(result, dtype_of(value.name), node)
            elif isinstance(value, Tensor):
                cast = self._cast(result, value.dtype, node)
                result = replace(cast, device=value.device, storages=storages_of(cast))
            elif device_of(value) or (isinstance(value, Instance) and value.cls == "torch.device"):
                result = self._moved(result, asked_device(value), node)
            elif not isinstance(value, Const):
                result = self._moved(replace(result, dtype=None), MOVED, node)
        return result

    def _method_type_as(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self._method_to(tensor, positional, keywords, node)

    def _moved(self, tensor: Tensor, device: str | None, node: ast.AST) -> Tensor:
        """On another device: no leaf any more, unless it was there already."""
        if device is not None and device == tensor.device and device != MOVED:
            return tensor
        away = device is not None and device.startswith("cuda") and tensor.device in (DEFAULT, MADE)
        requires = False if self.grad is False else tensor.requires_grad if self.grad else None
        leaf = True if tensor.requires_grad is False else False if away and requires else None
        return replace(tensor, device=device, requires_grad=requires if tensor.requires_grad is not False else False, leaf=leaf, op="to", inputs=(tensor,), site=self.site(node), parameter=False, storages=storages_of(tensor))

    def _method_is_floating_point(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        floating = is_floating(tensor.dtype)
        return Const(floating) if floating is not None else self.unknown(node)

    def _torch_is_floating_point(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        value = positional[0] if positional else keywords.get("input", UNKNOWN)
        return self._method_is_floating_point(value, (), {}, node) if isinstance(value, Tensor) else self.unknown(node)

    def _method_cuda(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self._moved(tensor, "cuda", node)

    def _method_cpu(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return tensor if (tensor.device or "").startswith("cpu") else self._moved(tensor, "cpu", node)

    def _method_type(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if not positional:
            return UNKNOWN
        target = positional[0]
        name = target.name if isinstance(target, Library) else target.value if isinstance(target, Const) else ""
        last = str(name).rpartition(".")[2]
        result = self._cast(tensor, LEGACY_TENSORS.get(last) or dtype_of(str(name)), node)
        if str(name).startswith("torch.cuda.") or not name:
            return self._moved(result, "cuda" if name else MOVED, node)
        return result

    def _method_detach(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.ends(tensor, node)
        return replace(
            tensor, requires_grad=False, leaf=True, op="detach", inputs=(tensor,), site=self.site(node), parameter=False, storages=storages_of(tensor)
        )

    def _method_detach_(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        result = replace(tensor, requires_grad=False, leaf=True, op="detach", inputs=(tensor,), site=self.site(node), storages=storages_of(tensor))
        for each in descendants(tensor.model) if tensor.parameter and tensor.model is not None else ():
            self.trail.set(each.store, "<frozen>", TRUE)
        self.rebind(tensor, result)
        return result

    def _method_requires_grad_(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        value = positional[0] if positional else keywords.get("requires_grad", TRUE)
        known = value.value if isinstance(value, Const) else None
        if known is False and tensor.requires_grad is None:
            known = None
        if known and not tensor.parameter:
            self.event("gradient", node, tensor)
        result = replace(tensor, requires_grad=known, storages=storages_of(tensor))
        self.rebind(tensor, result)
        return result

    def _method_retain_grad(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.rebind(tensor, replace(tensor, op="retained"))
        return NONE

    def _method_backward(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.event("backward", node, tensor, (*positional, *keywords.values()))
        if self.overwritten and StaleGraph in self.wanted:
            for each in {id(each) for each in saved_for_backward(tensor)} & self.overwritten.keys():
                self.emit(StaleGraph(self.overwritten[each][1], self.frame, self.grad, self.site(node)))
        return NONE

    def _method_size(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        axis = positional[0] if positional else keywords.get("dim")
        if axis is None:
            return shape_value(tensor)
        if tensor.shape is None or not isinstance(axis, Const) or not isinstance(axis.value, int):
            return Unknown(self.site(node), "size", tensor)
        return dim_value(tensor.shape[axis.value]) if -len(tensor.shape) <= axis.value < len(tensor.shape) else UNKNOWN

    def _method_dim(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return UNKNOWN if tensor.shape is None else Const(len(tensor.shape))

    _method_ndimension = _method_dim

    def _method_numel(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return UNKNOWN if tensor.shape is None else dim_value(product(tensor.shape))

    _method_nelement = _method_numel

    def _method_item(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.ends(tensor, node)
        return Unknown(self.site(node), "item", tensor)

    def _method_tolist(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.ends(tensor, node)
        return Unknown(self.site(node), "tolist", tensor)

    def _method_numpy(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.ends(tensor, node)
        return Array(shape=tensor.shape, dtype=tensor.dtype, scale=tensor.scale, layout=tensor.layout, site=self.site(node), source=Unknown(self.site(node), "numpy", tensor))

    def _method_clone(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self.operate("torch.clone", (tensor,), {}, node, quiet=True)

    def _method_contiguous(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return replace(
            tensor, leaf=tensor.leaf if tensor.requires_grad is False else None, parameter=False, storages=storages_of(tensor)
        )

    def _method_register_hook(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return UNKNOWN

    def _method_data_ptr(self, tensor: Tensor, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return UNKNOWN
