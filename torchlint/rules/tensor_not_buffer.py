"""TL208: a plain tensor that forward uses and its module does not know of."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.assignments import made_a_call
from torchlint.analysis.facts.classes import ClassSettled
from torchlint.analysis.values.abstract import Tensor
from torchlint.analysis.values.classes import is_buffer
from torchlint.analysis.values.members import used_where_it_is
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL208", severity="warning", default=False, words=("forward",))
def tensor_not_buffer(settled: ClassSettled) -> Iterator[Finding]:
    for name, value in settled.values.items():
        site = settled.last_assigned(name)
        if not isinstance(value, Tensor) or value.parameter or value.requires_grad or is_buffer(settled.instance, name) or site is None:
            continue
        if value.device is None:
            # It lives where what it is made of does, which the caller may have moved before.
            continue
        if used_where_it_is(settled.cls, name):
            yield settled.flag(
                f"`self.{name}` is a plain tensor: `.to()` leaves it behind and `state_dict()` does not hold it; use "
                f'`self.register_buffer("{name}", ...)`',
                at=site,
                fix=made_a_call(site, "register_buffer", f'"{name}"', "Register it as a buffer"),
            )
