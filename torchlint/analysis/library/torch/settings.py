"""What torch's switches and plain wrappers do: gradient modes, devices, parameters, variables."""

from __future__ import annotations

from dataclasses import replace

from torchlint.analysis.interpreter.escape import call_unknown
from torchlint.analysis.library.arguments import by_number_or_name
from torchlint.analysis.library.handlers import LibraryCall, handles
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.values.abstract import (
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
from torchlint.analysis.values.contents import held_in
from torchlint.analysis.values.inspection import truth
from torchlint.analysis.values.origins import gradient_of
from torchlint.torch_api.binding import bind


@handles("torch.set_grad_enabled")
def _set_grad_enabled(call: LibraryCall) -> Value:
    machine = call.machine
    mode = call.positional[0] if call.positional else call.keywords.get("mode", UNKNOWN)
    instance = Instance("torch.set_grad_enabled", {"before": machine.grad}, {"mode": mode}, machine.site(call.node))
    machine.grad = truth(mode)
    return instance


@handles("torch.set_default_dtype", "torch.set_default_tensor_type")
def _set_default_dtype(call: LibraryCall) -> Value:
    call.machine.torch.default_dtype = None
    return NONE


@handles("torch.jit.trace")
def _jit_trace(call: LibraryCall) -> Value:
    return call_unknown(call.machine, Library("torch.jit.trace"), call.positional, call.keywords, call.node)


@handles("torch.profiler.profile", "torch.autograd.profiler.profile")
def _profile(call: LibraryCall) -> Value:
    return Instance("torch.profiler.profile", {}, by_number_or_name(call.positional, call.keywords), call.machine.site(call.node))


@handles("torch._foreach_zero_")
def _foreach_zero(call: LibraryCall) -> Value:
    """How an optimizer empties gradients all at once."""
    if any(gradient_of(each) is not None for each in held_in(call.first)):
        call.machine.event("zero_grad", call.node, UNKNOWN)
    return NONE


@handles("torch.device")
def _device(call: LibraryCall) -> Value:
    return Instance("torch.device", {}, by_number_or_name(call.positional, call.keywords), call.machine.site(call.node))


@handles("torch.cuda.is_available")
def _cuda_is_available(call: LibraryCall) -> Value:
    return TRUE


@handles("torch.no_grad")
def _no_grad(call: LibraryCall) -> Value:
    positional = call.positional
    if positional and isinstance(positional[0], Function):
        return replace(positional[0], decorators=(*positional[0].decorators, Library("torch.no_grad")))
    return Instance("torch.no_grad", {}, {}, call.machine.site(call.node))


@handles("torch.enable_grad")
def _enable_grad(call: LibraryCall) -> Value:
    positional = call.positional
    if positional and isinstance(positional[0], Function):
        return replace(positional[0], decorators=(*positional[0].decorators, Library("torch.enable_grad")))
    return Instance("torch.enable_grad", {}, {}, call.machine.site(call.node))


@handles("torch.inference_mode")
def _inference_mode(call: LibraryCall) -> Value:
    positional = call.positional
    if positional and isinstance(positional[0], Function):
        return replace(positional[0], decorators=(*positional[0].decorators, Library("torch.inference_mode")))
    mode = positional[0] if positional else call.keywords.get("mode", TRUE)
    return Instance("torch.inference_mode" if truth(mode) else "torch.set_grad_enabled", {}, {"mode": UNKNOWN}, call.machine.site(call.node))


@handles("torch.nn.Parameter")
def _parameter(call: LibraryCall) -> Value:
    positional, keywords = call.positional, call.keywords
    data = positional[0] if positional else keywords.get("data", UNKNOWN)
    given = positional[1] if len(positional) > 1 else keywords.get("requires_grad", TRUE)
    source = data if isinstance(data, Tensor) else Tensor()
    requires = given.value if isinstance(given, Const) and isinstance(given.value, bool) else None
    result = replace(source, requires_grad=requires, leaf=True, parameter=True, op="parameter", inputs=(data,), site=call.machine.site(call.node))
    emit_call(call.machine, "torch.nn.Parameter", None, bind("torch.nn.Parameter", positional, keywords), positional, result, call.node)
    return result


@handles("torch.autograd.Variable")
def _variable(call: LibraryCall) -> Value:
    positional, keywords = call.positional, call.keywords
    data = positional[0] if positional else keywords.get("data", UNKNOWN)
    given = keywords.get("requires_grad", positional[1] if len(positional) > 1 else FALSE)
    source = data if isinstance(data, Tensor) else Tensor()
    requires = given.value if isinstance(given, Const) and isinstance(given.value, bool) else None
    result = replace(source, requires_grad=requires, leaf=True, op="Variable", inputs=(data,), site=call.machine.site(call.node), parameter=False)
    arguments: dict[str | int, Value] = dict(zip(("data", "requires_grad", "volatile"), positional, strict=False))
    arguments.update(keywords)
    emit_call(call.machine, "torch.autograd.Variable", None, arguments, positional, result, call.node)
    return result


@handles("torch.nn.parallel.data_parallel")
def _data_parallel(call: LibraryCall) -> Value:
    positional = call.positional
    return call.machine.call(positional[0], positional[1:2], {}, call.node) if positional else UNKNOWN


@handles("torch.autograd.grad")
def _gradients(call: LibraryCall) -> Value:
    positional = call.positional
    call.machine.event("gradient", call.node, positional[0] if positional else UNKNOWN, tuple(positional))
    return UNKNOWN


@handles("torch.autograd.backward")
def _backward(call: LibraryCall) -> Value:
    positional = call.positional
    call.machine.event("backward", call.node, positional[0] if positional else UNKNOWN, tuple(positional))
    emit_call(call.machine, "torch.autograd.backward", None, bind("torch.autograd.backward", positional, call.keywords), positional, NONE, call.node)
    return NONE
