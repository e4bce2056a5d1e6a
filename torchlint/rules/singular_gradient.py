"""TL308: the slope of a square root at 0 is infinite, and its gradient nan."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import term_added
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.singularities import reaches_zero
from torchlint.analysis.facts.statements import Arithmetic
from torchlint.analysis.values.abstract import Const, Tensor, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import operand_sites
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

_HALF = Const(0.5)
_SAFE = frozenset({"where", "clamp", "clip", "clamp_min", "add", "exp", "softplus"})


@rule("TL308", default=False, severity="warning", words=("sqrt|pow",), calls=("sqrt", "pow"))
def singular_gradient(call: Call) -> Iterator[Finding]:
    if not call.name.startswith("torch.") or not call.positional:
        return
    if call.bare == "pow" and (len(call.positional) < 2 or call.positional[1] != _HALF):
        return
    method = call.receiver is not None
    inside = call.receiver_site if method else call.argument_site(0, "input")
    yield from _finding(call, call.positional[0], call.result, inside)


@rule("TL308", default=False, severity="warning", words=("0.5|.5",))
def singular_power(arithmetic: Arithmetic) -> Iterator[Finding]:
    if arithmetic.operator == "Pow" and arithmetic.operands[1] == _HALF:
        inside, _ = operand_sites(arithmetic.site, 2)
        yield from _finding(arithmetic, arithmetic.operands[0], arithmetic.result, inside)


@rule("TL308", default=False, severity="warning", words=("where", "sqrt"), calls=("where",))
def singular_branch(call: Call) -> Iterator[Finding]:
    """`torch.where` differentiates the branch that it does not choose as well."""
    for each in call.positional[1:]:
        inner = each.inputs[0] if isinstance(each, Tensor) and each.op == "sqrt" and each.inputs else None
        if not isinstance(each, Tensor) or not isinstance(inner, Tensor) or not _differentiated(call, each):
            continue
        if each.site is not None and inner.op not in _SAFE:
            yield call.flag(
                "`torch.where` differentiates both branches, and the root's slope at 0 is infinite: the gradient is nan even where "
                "the other branch is chosen; make what is under the root safe before",
                at=each.site,
            )


def _finding(fact: Fact, given: Value, result: Value, inside: Site | None) -> Iterator[Finding]:
    if not isinstance(result, Tensor) or not _differentiated(fact, result) or not reaches_zero(given):
        return
    yield fact.flag(
        "a root of what can be 0 has an infinite slope there, and its gradient is nan; add an epsilon inside the root",
        fix=Fix("Add an epsilon", term_added(inside, "1e-12"), "unsafe") if inside is not None else None,
    )


def _differentiated(fact: Fact, result: Tensor) -> bool:
    return fact.grad is True and (result.requires_grad is True or (result.requires_grad is None and fact.in_forward))
