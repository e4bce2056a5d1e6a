"""TL424: two linear layers with nothing between them are one."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.semantics.activations import made_by
from torchlint.semantics.facts import ModuleCall
from torchlint.semantics.values import FALSE, Instance, Tensor, Value

_LAYERS = frozenset(f"torch.nn.{name}" for name in ("Linear", "Conv1d", "Conv2d", "Conv3d"))


@rule("TL424", default=False, severity="warning", words=("Linear|Conv",))
def linear_after_linear(call: ModuleCall) -> Iterator[Finding]:
    if call.name not in _LAYERS or not call.positional or not isinstance(call.result, Tensor):
        return
    before = _linear_before(call.positional[0])
    if before is not None and call.result.activation is not None:
        yield call.flag(
            "two linear layers with nothing between them can express no more than one; was an activation forgotten?",
            at=call.result.activation.site,
            related=((before.site, "the first layer is made here"),),
        )


def _linear_before(value: Value) -> Instance | None:
    """The layer whose output this is as it stands, unless it is a factor by intent (no bias)."""
    layer = made_by(value)
    if layer is None or layer.library_name not in _LAYERS or layer.arguments.get("bias") == FALSE:
        return None
    return layer
