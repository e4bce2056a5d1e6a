"""TL417: an optimizer made anew for each batch, or on other parameters than those that are trained."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.passes import OptimizerMisplaced
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_MESSAGES = {
    "in the loop": "a new optimizer for every batch: its momentum and averages are lost each time; make it once, before the loop",
    "other model": "this optimizer holds the parameters of another model than the loss is computed with: nothing is trained; "
    "give it the parameters of the model in use",
    "replaced": "a layer of the model is exchanged after the optimizer was given its parameters, so the new one is not trained; "
    "make the optimizer when the model is complete",
    "no parameters": "an optimizer takes parameters, not a model or its state: TypeError; pass `model.parameters()`",
}


@rule("TL417", words=("optim",))
def optimizer_setup(setup: OptimizerMisplaced) -> Iterator[Finding]:
    related = ((setup.other.site, "gradients are computed here"),) if setup.other is not None else ()
    yield setup.flag(_MESSAGES[setup.kind], related=related, severity="warning" if setup.kind == "in the loop" else None)
