"""TL508: `squeeze()` takes the batch's dimension away as well where it has length one."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import method_replaced
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.lineage import batched, shape_text
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dims import Shape

_RECURRENT = frozenset({"torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN"})


@rule("TL508", default=False, severity="warning", words=("squeeze",), calls=("squeeze",))
def squeeze_without_dim(call: Call) -> Iterator[Finding]:
    given = call.positional[0] if len(call.positional) == 1 else None
    if not isinstance(given, Tensor) or not given.shape or "dim" in call.arguments or not batched(given):
        return
    first = given.shape[0]
    if isinstance(first, int) and first != 1:
        return
    ones = [axis for axis, dim in enumerate(given.shape) if dim == 1 and axis > 0]
    if ones:
        yield call.flag(
            f"`squeeze()` of {shape_text(given.shape, given.shape)} takes the batch's dimension too where the batch holds one "
            "sample; name the dimension",
            fix=_fix(call, given.shape, ones) if given.op not in _RECURRENT else None,
        )


def _fix(call: Call, shape: Shape, ones: list[int]) -> Fix | None:
    if len(ones) == 1:
        return call.add_argument(str(ones[0]), f"Squeeze dimension {ones[0]}", "unsafe")
    if shape is None or call.receiver is None or ones != list(range(2, len(shape))):
        return None
    return method_replaced(call.site, "flatten(1)", "Flatten each sample", "unsafe")
