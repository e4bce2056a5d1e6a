"""TL212: a new tensor that nobody takes."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import insert_before
from torchlint.analysis.facts.calls import DiscardedCall
from torchlint.analysis.values.abstract import FALSE, Tensor
from torchlint.analysis.values.written.effects import for_effect
from torchlint.analysis.values.written.expressions import is_named, stands_alone
from torchlint.analysis.values.written.guards import tried
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.purity import only_gives


@rule("TL212", severity="warning")
def result_discarded(call: DiscardedCall) -> Iterator[Finding]:
    if not only_gives(call.name) or call.shown or call.on_new_tensor or tried(call.site) or for_effect(call.site):
        return
    if call.arguments.get("inplace", FALSE) != FALSE or "out" in call.arguments:
        return
    method = call.name.startswith("torch.Tensor.")
    if not isinstance(call.receiver if method else call.result, Tensor):
        return
    name = call.name.rpartition(".")[2]
    yield call.flag(
        f"`{name}` returns a new tensor, which is thrown away here: the tensor itself stays as it was; assign the result",
        fix=_fix(call, method),
    )


def _fix(call: DiscardedCall, method: bool) -> Fix | None:
    target = call.receiver_site if method else call.argument_site(0, "input")
    if target is None or not is_named(target) or not stands_alone(call.site):
        return None
    return insert_before(call.site, f"{target.text} = ", "Assign the result")
