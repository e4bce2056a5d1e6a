"""TL703: ToTensor scales to 0..1 by itself; colours are drawn from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torchlint.analysis.edits.places import insert_after, unwrap
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.statements import Arithmetic
from torchlint.analysis.facts.transforms import TensorMade
from torchlint.analysis.values.abstract import Array, Const, Tensor, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import is_expression, is_simple, operand_sites
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dtypes import is_floating
from torchlint.torch_api.images import divides_by_range
from torchlint.torch_api.operations import SCALING, bare
from torchlint.torch_api.plots import draws_image

_WORDS = ("ransform|ToTensor|to_tensor|imshow",)
_OPERATIONS = {"Div": "div", "Mult": "mul"}
_TWICE = "`ToTensor` has scaled this image to 0..1 already: divided once more it is nearly black, up to 1/255; leave this division out"


@rule("TL703", words=_WORDS)
def scaled_twice(arithmetic: Arithmetic) -> Iterator[Finding]:
    operation = _OPERATIONS.get(arithmetic.operator)
    if operation and _again(operation, arithmetic.operands):
        yield arithmetic.flag(_TWICE, fix=_left_out(arithmetic.site, operand_sites(arithmetic.site, 1)[0]))


@rule("TL703", words=_WORDS, calls=("imshow", *bare(SCALING)))
def scaled_twice_by_call(call: Call) -> Iterator[Finding]:
    operation = call.name.rpartition(".")[2].rstrip("_")
    if call.name in SCALING and _again(operation, call.positional):
        yield call.flag(_TWICE, fix=_left_out(call.site, operand_sites(call.site, 1, call.receiver is not None)[0]))
    elif draws_image(call.name) and call.positional:
        yield from _drawn(call, call.positional[0])


@rule("TL703", words=_WORDS)
def scaled_and_cut(call: TensorMade) -> Iterator[Finding]:
    if isinstance(call.value, Array) and call.value.scale == "cut":
        yield call.flag(
            "this array was divided to 0..1 and cut to bytes, which are nearly all 0, before `ToTensor`; give `ToTensor` the bytes as they were"
        )


def _again(operation: str, operands: Sequence[Value]) -> bool:
    if len(operands) != 2:
        return False
    image, number = operands
    return isinstance(image, Tensor) and image.scale == "1" and isinstance(number, Const) and divides_by_range(operation, number.value)


def _left_out(site: Site, image: Site | None) -> Fix | None:
    """Just the image in the place of the division; none for a statement such as `image /= 255`."""
    return unwrap(site, image, "Leave the division out", "unsafe") if image and is_expression(site) else None


def _drawn(call: Call, image: Value) -> Iterator[Finding]:
    if not isinstance(image, Tensor | Array) or image.scale != "255" or not is_floating(image.dtype):
        return
    if image.shape is None or len(image.shape) != 3 or image.shape[2] not in (3, 4):
        return
    site = call.argument_site(0, "X")
    fix = insert_after(site, " / 255", "Divide by 255", "unsafe") if site is not None and is_simple(site) else None
    yield call.flag("colours of floats are drawn from 0 to 1, and these go to 255: the picture is white; divide by 255", fix=fix)
