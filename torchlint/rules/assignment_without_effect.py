"""TL304: an attribute is set that torch does not have, so that nothing is frozen or replaced."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.statements import AttributeAssignment
from torchlint.analysis.values.abstract import Class, Instance, OneOf, Tensor, Value
from torchlint.analysis.values.classes import find, is_module
from torchlint.analysis.values.expressions import assigned_value, before_dot, name_span
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.parameters import has_parameter

_MISSPELT = frozenset(
    {"require_grad", "requires_gradient", "require_gradient", "requires_grads", "require_grads", "required_grad", "requiresgrad", "requires_gard"}
)
_PLURALS = {"weights": "weight", "biases": "bias"}


@rule("TL304", words=("grad|trainable|weights|biases",))
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
    modules = _modules(receiver)
    if not modules or receiver is assigned.frame.receiver or any(_has(each, name) for each in modules):
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


def _modules(value: Value) -> list[Instance]:
    """The modules that something is for certain."""
    found = value.alternatives if isinstance(value, OneOf) else (value,)
    modules = [each for each in found if isinstance(each, Instance) and is_module(each)]
    return modules if len(modules) == len(found) else []


def _has(module: Instance, name: str) -> bool:
    """Whether a class of the program has or reads an attribute, or may."""
    if not isinstance(module.cls, Class):
        return name in module.store or (module.cls == "torch.nn.Module" and name == "trainable")
    return name in module.store or find(module.cls, name) is not None or find(module.cls, "__setattr__") is not None


def _called(assigned: AttributeAssignment) -> Fix | None:
    """`module.requires_grad = False` becomes `module.requires_grad_(False)`."""
    owner, value = before_dot(assigned.site, assigned.name), assigned_value(assigned.site)
    if owner is None or value is None:
        return None
    return replace(assigned.site.statement, f"{owner.text}.requires_grad_({value.text})", "Call requires_grad_")
