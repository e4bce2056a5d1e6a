"""TL406: the target is given first, the model's output second."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import swapped
from torchlint.analysis.facts.calls import LossCall
from torchlint.analysis.values.abstract import Tensor, Value, from_data
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_ASYMMETRIC = frozenset({"CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss", "SigmoidFocalLoss"})


@rule("TL406", words=("loss|Loss|cross_entropy|kl_div|criterion",))
def loss_arguments_swapped(loss: LossCall) -> Iterator[Finding]:
    if loss.plain and len(loss.positional) >= 2 and _swapped(loss):
        sites = loss.argument_site(0), loss.argument_site(1)
        yield loss.flag(
            f"{loss.loss} takes the model's output first and the target second; here they are swapped, so that it raises or "
            "teaches nothing of use; exchange them",
            fix=swapped(*sites, "Exchange the arguments"),
        )


def _swapped(loss: LossCall) -> bool:
    first, second = loss.input, loss.target
    if not isinstance(second, Tensor) or second.requires_grad is not True or first is None:
        return False
    if loss.loss == "KLDivLoss":
        kinds = [each.activation.kind if isinstance(each, Tensor) and each.activation else "" for each in (first, second)]
        return kinds == ["softmax", "log_softmax"] and isinstance(first, Tensor) and first.requires_grad is False
    return loss.loss in _ASYMMETRIC and second.model is not None and _is_target(first)


def _is_target(value: Value) -> bool:
    if isinstance(value, Tensor):
        return value.requires_grad is False and value.model is None
    return from_data(value)
