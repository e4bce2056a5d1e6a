"""TL310: there is no graph of what was computed under no_grad."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.gradients import without_graph
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL310", words=("backward", "no_grad|inference_mode|set_grad_enabled"), calls=("backward",))
def backward_in_no_grad(call: Call) -> Iterator[Finding]:
    loss = call.positional[0] if call.positional else None
    if call.name not in ("torch.Tensor.backward", "torch.autograd.backward") or not isinstance(loss, Tensor):
        return
    made = without_graph(loss)
    if made is not None:
        yield call.flag(
            "what this goes back along was computed under `no_grad` or `inference_mode`, so that there is no graph (RuntimeError); "
            "compute the loss outside the guard",
            related=((made.site, "computed without a graph here"),),
        )
