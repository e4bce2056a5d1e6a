"""TL208: a plain tensor that forward uses and its module does not know of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.facts.classes import ClassSettled
from torchlint.analysis.values.abstract import Tensor
from torchlint.analysis.values.classes import is_buffer
from torchlint.analysis.values.members import used_where_it_is
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Edit, Finding, Fix, Span
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
                fix=_registered(site, name),
            )


def _registered(site: Site, name: str) -> Fix | None:
    statement = site.tree.parent(site.node)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or not isinstance(site.node, ast.Attribute):
        return None
    value, receiver = site.at(statement.value).span, site.at(site.node.value).text
    return Fix(
        "Register it as a buffer",
        (Edit(Span(site.span.start, value.start), f'{receiver}.register_buffer("{name}", '), Edit(Span(value.end, value.end), ")")),
    )
