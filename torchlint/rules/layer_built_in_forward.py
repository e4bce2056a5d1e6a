"""TL202: a layer made anew at every call never learns."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import ModuleCall
from torchlint.analysis.facts.statements import AttributeAssignment, Loop
from torchlint.analysis.values.abstract import Instance
from torchlint.analysis.values.building import kept, made_anew, made_during, stateful, touched, within
from torchlint.analysis.values.classes import is_module
from torchlint.analysis.values.written.guards import inside
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_MESSAGE = (
    "this layer is made anew at every call: it has new random weights each time (or is always in training mode) and no "
    "optimizer knows it; make it in `__init__` and call it here"
)


@rule("TL202", words=("forward",))
def layer_built_in_forward(call: ModuleCall) -> Iterator[Finding]:
    forward, module = call.forward_frame, call.receiver
    if forward is None or call.element or not isinstance(module, Instance):
        return
    new = next(made_anew(module, forward), None)
    if new is not None and not kept(module, forward):
        whole = module if within(module.made_in, forward) else new
        yield call.flag(_MESSAGE, at=whole.site, related=((call.site, "it is applied here"),))


@rule("TL202", words=("forward",), about=(Instance,))
def layer_replaced_in_forward(assignment: AttributeAssignment) -> Iterator[Finding]:
    forward, module = assignment.frame, assignment.value
    if forward.name != "forward" or not isinstance(module, Instance) or assignment.receiver is not forward.receiver or not is_module(forward.receiver):
        return
    if within(module.made_in, forward) and next(made_anew(module, forward), None) is not None and not kept(module, forward, forward.receiver):
        yield assignment.flag(_MESSAGE, at=module.site)


@rule("TL202", words=("backward",))
def layer_built_in_loop(loop: Loop) -> Iterator[Finding]:
    def made_inside(value: object) -> bool:
        return isinstance(value, Instance) and value.site is not None and inside(value.site, loop.site)

    kinds = {event.kind for event in loop.events}
    steps = [event for event in loop.events if event.kind == "step"]
    made_elsewhere = all(isinstance(event.subject, Instance) and not made_during(event.subject, loop.site, loop.frame) for event in steps)
    if "backward" not in kinds or not steps or not made_elsewhere:
        return
    for event in loop.events:
        module = event.subject
        if event.kind == "model" and isinstance(module, Instance) and made_inside(module) and stateful(module) and not touched(module):
            yield loop.flag(_MESSAGE, at=module.site, related=((event.site, "it is applied here"),))
