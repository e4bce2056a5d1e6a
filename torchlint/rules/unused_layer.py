"""TL213: a layer that is made and never called."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.classes import ClassSettled
from torchlint.analysis.values.abstract import Function, Instance, Tensor, Value
from torchlint.analysis.values.building import weighted
from torchlint.analysis.values.classes import descendants, find, is_module
from torchlint.analysis.values.members import reached_dynamically
from torchlint.analysis.values.registration import reachable_otherwise
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL213", severity="warning", default=False, words=("forward",))
def unused_layer(settled: ClassSettled) -> Iterator[Finding]:
    if not isinstance(find(settled.cls, "forward"), Function) or reached_dynamically(settled.cls):
        return
    for name, value in settled.values.items():
        site = settled.last_assigned(name)
        if site is None or not _has_weights(value) or settled.used(name) or reachable_otherwise(settled.values, name):
            continue
        yield settled.flag(
            f"`self.{name}` is never used: its weights cost memory, swell every checkpoint and get no gradient; call it or remove it",
            at=site,
        )


def _has_weights(value: Value) -> bool:
    if isinstance(value, Tensor):
        return value.parameter and value.op == "parameter"
    return isinstance(value, Instance) and is_module(value) and any(map(weighted, descendants(value)))
