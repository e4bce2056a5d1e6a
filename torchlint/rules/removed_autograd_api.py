"""TL311: Variable, volatile, `loss.data[0]` and writes to `.data` are of the time before torch 0.4."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import replace, unwrap
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.gradients import StaleGraph
from torchlint.analysis.facts.statements import Subscript
from torchlint.analysis.values.abstract import FALSE, Const, Tensor
from torchlint.analysis.values.written.expressions import before_dot, subscripted
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL311", severity="warning", words=("Variable",), calls=("Variable",))
def removed_autograd_api(call: Call) -> Iterator[Finding]:
    if call.name != "torch.autograd.Variable":
        return
    if call.arguments.get("volatile", FALSE) != FALSE:
        message = "`volatile` has no effect any more: the graph is built; use `torch.no_grad()`"
    elif _without_gradient(call):
        message = "`Variable` gives back the tensor that it is given, which has no gradient to track; use the tensor"
    else:
        message = "tensors track gradients themselves, and `Variable` cuts the graph of one that has a history; use the tensor"
    yield call.flag(message, fix=_fix(call))


def _fix(call: Call) -> Fix | None:
    given = call.argument_site(0, "data")
    if given is None or len(call.arguments) > 1 + ("volatile" in call.arguments):
        return None
    return unwrap(call.site, given, "Use the tensor", "safe" if _without_gradient(call) and "volatile" not in call.arguments else "unsafe")


def _without_gradient(call: Call) -> bool:
    data = call.arguments.get("data")
    return isinstance(data, Tensor) and data.requires_grad is False and "requires_grad" not in call.arguments


@rule("TL311", severity="error", words=("data",), about=(Tensor,))
def number_of_loss(subscript: Subscript) -> Iterator[Finding]:
    value = subscript.value
    if not isinstance(value, Tensor) or value.op != "data" or value.shape != () or subscript.index != Const(0):
        return
    tensor = before_dot(subscripted(subscript.site), "data")
    yield subscript.flag(
        "a loss has no dimension, so that `.data[0]` raises an IndexError; use `.item()`",
        fix=replace(subscript.site, f"{tensor.text}.item()", "Use item()") if tensor is not None else None,
    )


@rule("TL311", severity="warning", words=("data", "backward"))
def write_past_the_graph(stale: StaleGraph) -> Iterator[Finding]:
    yield stale.flag(
        "this write to `.data` changes what a graph still needs, so that `backward()` gives wrong gradients in silence; write "
        "after `backward()`, or under `torch.no_grad()` without `.data`",
        related=((stale.backward, "the graph is used here"),),
    )
