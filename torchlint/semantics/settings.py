"""What torch's switches and plain wrappers do: gradient modes, devices, parameters, variables."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.semantics.builtins import Builtins
from torchlint.semantics.inspection import truth
from torchlint.semantics.modules import by_number_or_name
from torchlint.semantics.values import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Const,
    Function,
    Instance,
    Library,
    Tensor,
    Value,
)
from torchlint.torch_api.binding import bind


class Settings(Builtins):
    """Calls of torch that set a mode or hand a tensor on."""

    def _torch_set_grad_enabled(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        mode = positional[0] if positional else keywords.get("mode", UNKNOWN)
        instance = Instance("torch.set_grad_enabled", {"before": self.grad}, {"mode": mode}, self.site(node))
        self.grad = truth(mode)
        return instance

    def _torch_set_default_dtype(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.default_dtype = None
        return NONE

    _torch_set_default_tensor_type = _torch_set_default_dtype

    def _torch_jit_trace(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self.call_unknown(Library("torch.jit.trace"), positional, keywords, node)

    def _torch_device(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return Instance("torch.device", {}, by_number_or_name(positional, keywords), self.site(node))

    def _torch_cuda_is_available(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        # Programs are read as they run on a machine with CUDA, where mistakes about devices come to light.
        self.picks_device = True
        return TRUE

    def _torch_no_grad(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if positional and isinstance(positional[0], Function):
            return replace(positional[0], decorators=(*positional[0].decorators, Library("torch.no_grad")))
        return Instance("torch.no_grad", {}, {}, self.site(node))

    def _torch_enable_grad(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if positional and isinstance(positional[0], Function):
            return replace(positional[0], decorators=(*positional[0].decorators, Library("torch.enable_grad")))
        return Instance("torch.enable_grad", {}, {}, self.site(node))

    def _torch_inference_mode(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if positional and isinstance(positional[0], Function):
            return replace(positional[0], decorators=(*positional[0].decorators, Library("torch.inference_mode")))
        mode = positional[0] if positional else keywords.get("mode", TRUE)
        return Instance("torch.inference_mode" if truth(mode) else "torch.set_grad_enabled", {}, {"mode": UNKNOWN}, self.site(node))

    def _torch_nn_Parameter(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        data = positional[0] if positional else keywords.get("data", UNKNOWN)
        given = positional[1] if len(positional) > 1 else keywords.get("requires_grad", TRUE)
        source = data if isinstance(data, Tensor) else Tensor()
        requires = given.value if isinstance(given, Const) and isinstance(given.value, bool) else None
        result = replace(source, requires_grad=requires, leaf=True, parameter=True, op="parameter", inputs=(data,), site=self.site(node))
        self.emit_call("torch.nn.Parameter", None, bind("torch.nn.Parameter", positional, keywords), positional, result, node)
        return result

    def _torch_autograd_Variable(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        data = positional[0] if positional else keywords.get("data", UNKNOWN)
        given = keywords.get("requires_grad", positional[1] if len(positional) > 1 else FALSE)
        source = data if isinstance(data, Tensor) else Tensor()
        requires = given.value if isinstance(given, Const) and isinstance(given.value, bool) else None
        result = replace(source, requires_grad=requires, leaf=True, op="Variable", inputs=(data,), site=self.site(node), parameter=False)
        arguments: dict[str | int, Value] = dict(zip(("data", "requires_grad", "volatile"), positional, strict=False))
        arguments.update(keywords)
        self.emit_call("torch.autograd.Variable", None, arguments, positional, result, node)
        return result

    def _torch_nn_parallel_data_parallel(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self.call(positional[0], positional[1:2], {}, node) if positional else UNKNOWN

    def _torch_autograd_grad(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.event("gradient", node, positional[0] if positional else UNKNOWN, tuple(positional))
        return UNKNOWN

    def _torch_autograd_backward(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.event("backward", node, positional[0] if positional else UNKNOWN, tuple(positional))
        self.emit_call("torch.autograd.backward", None, bind("torch.autograd.backward", positional, keywords), positional, NONE, node)
        return NONE
