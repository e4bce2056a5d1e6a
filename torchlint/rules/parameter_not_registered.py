"""TL207: only what is assigned as an nn.Parameter is registered."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.naming import globals_at, nn_in
from torchlint.analysis.facts.classes import ClassSettled
from torchlint.analysis.facts.parameters import as_parameter, lost_parameter, unregistered_leaf
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL207", words=("Parameter|requires_grad",))
def parameter_not_registered(settled: ClassSettled) -> Iterator[Finding]:
    for name, value in settled.values.items():
        site = settled.last_assigned(name)
        if not isinstance(value, Tensor) or site is None:
            continue
        if lost_parameter(value, settled.values):
            message = (
                f"`self.{name}` is the result of an operation on an `nn.Parameter`, not a parameter: no optimizer or checkpoint "
                "sees it; put the operation inside `nn.Parameter(...)`"
            )
            device = " (on the CPU `.to(\"cpu\")` gives the parameter back, so that it goes unnoticed there)" if value.op == "to" else ""
            yield settled.flag(message + device, at=site, fix=as_parameter(site, nn_in(globals_at(site, settled.cls))))
        elif unregistered_leaf(value) and not settled.optimised(value) and not settled.by_hand(name):
            yield settled.flag(
                f"`self.{name}` requires a gradient but is no `nn.Parameter`: `parameters()`, `state_dict()` and `.to()` pass it by; "
                "wrap it in `nn.Parameter`",
                at=site,
                fix=as_parameter(site, nn_in(globals_at(site, settled.cls))),
                severity="warning",
            )
