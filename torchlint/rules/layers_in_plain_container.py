"""TL204: layers in a plain list, tuple or dict are unknown to their module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torchlint.analysis.edits.assignments import value_handed_to
from torchlint.analysis.edits.naming import globals_at, nn_in
from torchlint.analysis.facts.classes import ClassDefined
from torchlint.analysis.values.abstract import Dict, Instance, List, Tensor, Tuple, Value, each_of
from torchlint.analysis.values.contents import held_in
from torchlint.analysis.values.members import readers
from torchlint.analysis.values.registration import known_one, unregistered
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import ENTRIES
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

_CONSTRUCTORS = frozenset({"__init__", "__new__"})


@rule("TL204")
def layers_in_plain_container(defined: ClassDefined) -> Iterator[Finding]:
    for name, value in list(defined.instance.store.items()):
        for held in each_of(value):
            if not isinstance(held, List | Dict | Tuple) or known_one(held):
                continue
            lost = unregistered(defined.instance, held)
            site = defined.assigned(name, held)
            if not lost or site is None or readers(defined.cls, name) <= _CONSTRUCTORS:
                continue
            kind = _kind(held, lost)
            yield defined.flag(
                f"`self.{name}` is a plain {type(held).__name__.lower()}: the module does not see the {_what(lost)} in it, so they are "
                f"not in `parameters()`, not moved by `.to()` and not saved by `state_dict()`; use `nn.{kind or 'ModuleList'}`",
                at=site,
                fix=_wrapped(site, kind, nn_in(globals_at(site, defined.cls))),
            )


def _what(lost: Sequence[Value]) -> str:
    return "parameters" if all(isinstance(each, Tensor) for each in lost) else "layers"


def _kind(container: Value, lost: Sequence[Value]) -> str | None:
    """The class of torch.nn that takes such a container as it is."""
    if any(isinstance(each, List | Dict | Tuple) for each in held_in(container)):
        return None
    tensors = [isinstance(each, Tensor) for each in lost]
    if isinstance(container, Dict):
        keys = container.store.get(ENTRIES) or {}
        if not all(isinstance(key, str) for key in keys) or len(set(tensors)) != 1:
            return None
        return "ParameterDict" if all(tensors) else "ModuleDict"
    if all(tensors):
        return "ParameterList"
    return None if any(tensors) or not all(isinstance(each, Instance) for each in lost) else "ModuleList"


def _wrapped(site: Site, kind: str | None, nn: str | None) -> Fix | None:
    return value_handed_to(site, f"{nn}.{kind}", f"Use nn.{kind}") if kind is not None and nn is not None else None
