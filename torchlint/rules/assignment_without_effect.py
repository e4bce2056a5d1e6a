"""TL304: an attribute is set that torch does not have, so that nothing is frozen or replaced."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.statements import AttributeAssignment
from torchlint.analysis.values.abstract import Instance, Tensor
from torchlint.analysis.values.classes import modules_of
from torchlint.analysis.values.members import may_have
from torchlint.analysis.values.written.expressions import assigned_value, before_dot, name_span
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.parameters import has_parameter

_MISSPELT = frozenset(
    {"require_grad", "requires_gradient", "require_gradient", "requires_grads", "require_grads", "required_grad", "requiresgrad", "requires_gard"}
)
_PLURALS = {"weights": "weight", "biases": "bias"}


@rule("TL304", words=("grad|trainable|weights|biases",), attributes=(*_MISSPELT, *_PLURALS, "requires_grad", "trainable"))
def assignment_without_effect(assigned: AttributeAssignment) -> Iterator[Finding]:
    name, receiver = assigned.name, assigned.receiver
    if isinstance(receiver, Tensor):
        if name in _MISSPELT:
            span = name_span(assigned.site)
            yield assigned.flag(
                f"a tensor has no attribute `{name}`: a new one is made that torch never reads; write `requires_grad`",
                fix=Fix("Spell it right", (Edit(span, "requires_grad"),)) if span is not None else None,
            )
        return
    modules = modules_of(receiver)
    if not modules or receiver is assigned.frame.receiver or any(may_have(each, name) for each in modules):
        return
    if name in _MISSPELT or name in ("requires_grad", "trainable"):
        if name == "trainable" and (assigned.read_in_file or assigned.beside("requires_grad", "requires_grad_")):
            return
        yield assigned.flag(
            f"a module has no attribute `{name}`: nothing is frozen, since torch never reads it; call `requires_grad_(…)`",
            fix=_called(assigned) if name != "trainable" else None,
        )
    elif name in _PLURALS and all(_has_parameter(each, _PLURALS[name]) for each in modules) and not assigned.read_in_file:
        yield assigned.flag(
            f"this layer's parameter is called `{_PLURALS[name]}`: `{name}` is a new attribute that torch never reads; assign an "
            f"`nn.Parameter` to `{_PLURALS[name]}`"
        )


def _has_parameter(module: Instance, name: str) -> bool:
    return isinstance(module.cls, str) and has_parameter(module.cls, name)


def _called(assigned: AttributeAssignment) -> Fix | None:
    """`module.requires_grad = False` becomes `module.requires_grad_(False)`."""
    owner, value = before_dot(assigned.site, assigned.name), assigned_value(assigned.site)
    if owner is None or value is None:
        return None
    return replace(assigned.site.statement, f"{owner.text}.requires_grad_({value.text})", "Call requires_grad_")
