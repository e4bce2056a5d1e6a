"""TL107: NumPy's float64 meets float32 weights."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import Call, ModuleCall
from torchlint.analysis.facts.dtypes import weight_dtype
from torchlint.analysis.facts.statements import Arithmetic
from torchlint.analysis.values.abstract import Instance, Tensor, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import operand_sites
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.operations import DOTS, ONE_DTYPE, PRODUCTS, bare

_WORDS = ("float64|double|numpy|Double",)
_MESSAGE = (
    "a float64 tensor meets float32 {what}, which raises an error for two dtypes; "
    "convert it with `.float()`, or the model with `.double()`"
)


@rule("TL107", words=_WORDS)
def float64_into_float32(call: ModuleCall) -> Iterator[Finding]:
    module = call.receiver
    if not isinstance(module, Instance) or not call.positional or weight_dtype(module) != "float32":
        return
    given = call.positional[0]
    if isinstance(given, Tensor) and given.dtype == "float64":
        yield call.flag(_MESSAGE.format(what="weights"), fix=_converted(operand_sites(call.site, 1)[0]))


@rule("TL107", words=_WORDS, calls=bare(PRODUCTS | DOTS | ONE_DTYPE))
def float64_in_product(call: Call) -> Iterator[Finding]:
    if call.name in PRODUCTS | DOTS | ONE_DTYPE:
        wide = _mixed(call.positional)
        if wide is not None:
            site = operand_sites(call.site, len(call.positional), call.receiver is not None)[wide]
            yield call.flag(_MESSAGE.format(what="factors"), fix=_converted(site))


@rule("TL107", words=_WORDS)
def float64_in_operator(product: Arithmetic) -> Iterator[Finding]:
    if product.operator == "MatMult":
        wide = _mixed(product.operands)
        if wide is not None:
            yield product.flag(_MESSAGE.format(what="factors"), fix=_converted(operand_sites(product.site, 2)[wide]))


def _mixed(operands: tuple[Value, ...]) -> int | None:
    """The place of a float64 tensor among float32 ones."""
    dtypes = [each.dtype if isinstance(each, Tensor) else None for each in operands]
    return dtypes.index("float64") if "float64" in dtypes and "float32" in dtypes else None


def _converted(site: Site | None) -> Fix | None:
    return Fix("Convert with `.float()`", call_behind(site, "float()")) if site else None
