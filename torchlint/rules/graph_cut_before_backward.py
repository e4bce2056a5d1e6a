"""TL309: the history of a loss is cut between the model and `backward()`."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.cuts import cut_from_model
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL309", words=("backward",), calls=("backward",))
def graph_cut_before_backward(call: Call) -> Iterator[Finding]:
    if call.name not in ("torch.Tensor.backward", "torch.autograd.backward") or not call.positional:
        return
    cut = cut_from_model(call.positional[0])
    if cut is not None:
        yield call.flag(
            "the numbers go on from here without their history, so that `backward()` reaches no layer before it: it raises, or the "
            "model learns nothing; back-propagate the loss itself",
            at=cut,
            related=((call.site, "`backward()` is called here"),),
        )
