"""TL424: two linear layers with nothing between them are one."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

from torchlint.analysis.facts.activations import made_by
from torchlint.analysis.facts.calls import ModuleCall
from torchlint.analysis.facts.lineage import flattening
from torchlint.analysis.values.abstract import TRUE, Const, Instance, Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_LAYERS = frozenset(f"torch.nn.{name}" for name in ("Linear", "Conv1d", "Conv2d", "Conv3d"))


@rule("TL424", default=False, severity="warning", words=("Linear|Conv",))
def linear_after_linear(call: ModuleCall) -> Iterator[Finding]:
    second = call.receiver
    if call.name not in _LAYERS or not call.positional or not isinstance(call.result, Tensor) or not isinstance(second, Instance):
        return
    first = made_by(call.positional[0])
    if first is None or call.result.activation is None or not _beside(first, second) or _factorised(first, second):
        return
    if first.library_name != second.library_name and flattening(call.positional[0]) is None:
        return  # A convolution mixes the channels, a linear layer the last dim.
    yield call.flag(
        "two linear layers with nothing between them can express no more than one; was an activation forgotten?",
        at=call.result.activation.site,
        related=((first.site, "the first layer is made here"),),
    )


def _beside(first: Instance, second: Instance) -> bool:
    """Whether the same code made both layers, and both are linear: what another module gives is not for this one to bend."""
    return first.library_name in _LAYERS and first.made_in is not None and first.made_in is second.made_in


def _factorised(first: Instance, second: Instance) -> bool:
    """Whether one layer may be written as two by intent: without bias, channel by channel, or through a narrow middle."""
    if first.arguments.get("bias", TRUE) != TRUE or any(each.arguments.get("groups", Const(1)) != Const(1) for each in (first, second)):
        return True
    (given, middle), (_, out) = _sizes(first), _sizes(second)
    return first.library_name == second.library_name and middle < given and middle < out


def _sizes(layer: Instance) -> tuple[float, float]:
    """How many features or channels a layer takes and gives; nan where that is not known, which is less than nothing."""
    names = ("in_features", "out_features") if layer.library_name == "torch.nn.Linear" else ("in_channels", "out_channels")
    given = [layer.arguments.get(name) for name in names]
    sizes = [each.value if isinstance(each, Const) and isinstance(each.value, int) else nan for each in given]
    return sizes[0], sizes[1]
