"""TL308: the slope of a square root at 0 is infinite, and its gradient nan."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.expressions import operand_sites
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.facts.statements import Arithmetic
from torchlint.analysis.values.abstract import Const, Tensor, Value
from torchlint.analysis.values.classes import layer_of
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Edit, Finding, Fix, Span
from torchlint.rule import rule

_HALF = Const(0.5)
_SAFE = frozenset({"where", "clamp", "clip", "clamp_min", "add", "exp", "softplus"})
_JOIN = frozenset({"sum", "mean", "nansum", "add", "cumsum", "amax", "max", "min"})
_SAME = frozenset({"view", "reshape", "flatten", "squeeze", "unsqueeze", "permute", "transpose", "getitem", "select", "clone", "to", "contiguous"})


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
    if not isinstance(result, Tensor) or not _differentiated(fact, result) or not _reaches_zero(given, 8):
        return
    yield fact.flag(
        "a root of what can be 0 has an infinite slope there, and its gradient is nan; add an epsilon inside the root",
        fix=_fix(inside),
    )


def _fix(inside: Site | None) -> Fix | None:
    if inside is None:
        return None
    end = inside.span.end
    return Fix("Add an epsilon", (Edit(Span(end, end), " + 1e-12"),), "unsafe")


def _differentiated(fact: Fact, result: Tensor) -> bool:
    return fact.grad is True and (result.requires_grad is True or (result.requires_grad is None and fact.in_forward))


def _reaches_zero(value: Value | None, depth: int) -> bool:
    """Whether something is a sum of squares, or their mean, with nothing added."""
    if not isinstance(value, Tensor) or depth == 0:
        return False
    first = value.inputs[0] if value.inputs else None
    if value.op in ("square", "mse_loss"):
        return True
    if value.op == "loss":
        found = layer_of(value.layer)
        return found is not None and found.name == "torch.nn.MSELoss"
    if value.op == "pow":
        return len(value.inputs) > 1 and value.inputs[1] in (Const(2), Const(2.0))
    if value.op == "mul":
        return len(value.inputs) == 2 and value.inputs[0] is value.inputs[1]
    if value.op == "add":
        return all(_reaches_zero(each, depth - 1) for each in value.inputs)
    return value.op in _JOIN | _SAME and _reaches_zero(first, depth - 1)
