"""TL108: layers and averages that have no version for whole numbers."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import Call, ModuleCall
from torchlint.analysis.facts.dtypes import takes_floats
from torchlint.analysis.facts.statements import Arithmetic
from torchlint.analysis.values.abstract import NONE, Instance, Tensor, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import operand_sites
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dtypes import is_floating, is_integer
from torchlint.torch_api.operations import DOTS, FLOATS_ONLY, ONE_DTYPE, PRODUCTS, bare

_MESSAGE = "this tensor is {dtype}, and {what} takes floating point only: it raises a RuntimeError; convert it with `.float()`"


@rule("TL108")
def integer_into_float(call: ModuleCall) -> Iterator[Finding]:
    given = call.positional[0] if call.positional else None
    if isinstance(call.receiver, Instance) and takes_floats(call.receiver) and isinstance(given, Tensor) and is_integer(given.dtype):
        what = f"`{call.name.rpartition('.')[2]}`"
        yield call.flag(_MESSAGE.format(dtype=given.dtype, what=what), fix=_converted(operand_sites(call.site, 1)[0]))


@rule("TL108", calls=bare(FLOATS_ONLY | PRODUCTS | DOTS | ONE_DTYPE))
def integer_into_function(call: Call) -> Iterator[Finding]:
    given = call.positional[0] if call.positional else None
    if call.name in FLOATS_ONLY and isinstance(given, Tensor) and is_integer(given.dtype) and call.arguments.get("dtype", NONE) == NONE:
        site = operand_sites(call.site, len(call.positional), call.receiver is not None)[0]
        what = f"`{call.name.rpartition('.')[2]}`"
        yield call.flag(_MESSAGE.format(dtype=given.dtype, what=what), fix=_converted(site))
    elif call.name in PRODUCTS | DOTS | ONE_DTYPE:
        yield from _in_product(call, call.positional)


@rule("TL108")
def integer_in_operator(product: Arithmetic) -> Iterator[Finding]:
    if product.operator == "MatMult":
        yield from _in_product(product, product.operands)


def _in_product(fact: Call | Arithmetic, operands: tuple[Value, ...]) -> Iterator[Finding]:
    dtypes = [each.dtype if isinstance(each, Tensor) else None for each in operands]
    whole = next((place for place, dtype in enumerate(dtypes) if is_integer(dtype)), None)
    if whole is not None and any(map(is_floating, dtypes)):
        method = isinstance(fact, Call) and fact.receiver is not None
        site = operand_sites(fact.site, len(operands), method)[whole]
        yield fact.flag(_MESSAGE.format(dtype=dtypes[whole], what="a product with floats"), fix=_converted(site))


def _converted(site: Site | None) -> Fix | None:
    return Fix("Convert with `.float()`", call_behind(site, "float()")) if site else None
