"""TL305: NumPy and matplotlib do not take a tensor that requires grad."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.conversions import CONVERTING, converted, tensor_in
from torchlint.analysis.values.abstract import TRUE, Instance, Tensor, Unknown, Value
from torchlint.analysis.values.classes import is_module
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import FROZEN
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

_CARRY = frozenset({"cpu", "cuda", "to", "float", "squeeze", "unsqueeze", "view", "reshape", "permute", "transpose", "<item>", "softmax", "sigmoid"})


@rule("TL305", words=("numpy|np|plt|pyplot",), calls=CONVERTING)
def numpy_of_grad_tensor(call: Call) -> Iterator[Finding]:
    if call.grad is not True or call.by_callers_choice:
        return
    if call.name == "torch.Tensor.numpy":
        asked = isinstance(call.receiver, Unknown) and "requires_grad" in call.function_text
        if _requires_grad(call.receiver) and not asked and call.arguments.get("force") != TRUE and call.receiver_site is not None:
            yield _finding(call, call.receiver_site, call.receiver)
        return
    for given, value in converted(call):
        if _requires_grad(value):
            yield _finding(call, given, value)
            return


def _requires_grad(value: Value | None) -> bool:
    value = tensor_in(value)
    return value.requires_grad is True if isinstance(value, Tensor) else _of_unread_model(value)


def _of_unread_model(value: Value | None) -> bool:
    """Whether something is the output of a model whose code is not read, moved and cut into parts at most."""
    while isinstance(value, Unknown) and value.method in _CARRY:
        value = value.receiver
    module = value.receiver if isinstance(value, Unknown) and value.method == "<model>" and value.grad else None
    return isinstance(module, Instance) and isinstance(module.cls, str) and is_module(module) and FROZEN not in module.store


def _finding(call: Call, given: Site, value: Value | None) -> Finding:
    fix = Fix("Detach it first", call_behind(given, "detach()")) if isinstance(value, Tensor) else None
    return call.flag(
        "this tensor requires grad, so that NumPy cannot have it (RuntimeError); detach it first: `.detach()`",
        fix=fix,
        # Who calls such a method is not seen, and may have switched gradients off.
        severity="warning" if call.alone_on_instance else None,
    )
