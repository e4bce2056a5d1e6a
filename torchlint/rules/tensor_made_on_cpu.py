"""TL801: what forward makes must be where its input is."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import add_argument
from torchlint.analysis.facts.devices import DevicesMeet
from torchlint.analysis.values.abstract import Tensor
from torchlint.analysis.values.devices import input_name, makers
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL801", severity="warning", words=("forward",))
def tensor_made_on_cpu(meeting: DevicesMeet) -> Iterator[Finding]:
    for maker in makers(meeting.made):
        if maker.site is None:
            continue
        yield meeting.flag(
            f"`{maker.op}` makes a tensor on the CPU, and {'the weights that it meets' if meeting.weights else 'the input of forward'} may be "
            "elsewhere: on a GPU that raises a RuntimeError; pass `device=` of the input",
            at=maker.site,
            related=((meeting.site, "they meet here"),) if not meeting.site.same(maker.site) else (),
            fix=_fix(maker),
        )


def _fix(maker: Tensor) -> Fix | None:
    name = input_name(maker)
    if name is None or maker.site is None or maker.op == "from_numpy":
        return None
    return add_argument(maker.site, f"device={name}.device", "Make it on the input's device")
