"""TL420: the argmax over a single unit is always 0."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import TRUE, Const, Tensor
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

_BEST = frozenset({"torch.argmax", "torch.Tensor.argmax", "torch.max", "torch.Tensor.max"})
_OUTPUTS = frozenset({"linear", "sigmoid", "softmax", "log_softmax"})
_THRESHOLDS = {"linear": "0", "sigmoid": "0.5"}


@rule("TL420", words=("argmax|max",), calls=("argmax", "max"))
def argmax_of_one_logit(call: Call) -> Iterator[Finding]:
    if call.name not in _BEST or not call.positional:
        return
    scores, dim = call.positional[0], call.arguments.get("dim")
    if not isinstance(scores, Tensor) or scores.shape is None or len(scores.shape) < 2 or scores.activation is None:
        return
    last = (Const(-1), Const(len(scores.shape) - 1))
    if dim in last and scores.shape[-1] == 1 and scores.activation.kind in _OUTPUTS:
        yield call.flag(
            "the argmax over a single unit is always 0, whatever the model has learned; compare the output with a threshold, "
            "or give the model two units",
            fix=_fix(call, scores),
        )


def _fix(call: Call, scores: Tensor) -> Fix | None:
    site = call.receiver_site if call.receiver is not None else call.argument_site(0, "input")
    threshold = _THRESHOLDS.get(scores.activation.kind if scores.activation else "")
    if site is None or threshold is None or not call.name.endswith("argmax"):
        return None
    flat = "" if call.arguments.get("keepdim") == TRUE else f".squeeze({len(scores.shape or ()) - 1})"
    return replace(call.site, f"({site.text} > {threshold}){flat}.long()", "Compare with a threshold", "unsafe")
