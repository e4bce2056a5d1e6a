"""TL705: ToTensor scales bytes only."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.transforms import TensorMade, scales_bytes
from torchlint.analysis.values.abstract import Array, Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL705", severity="warning", words=("ToTensor|to_tensor",), contexts="all")
def to_tensor_float_image(call: TensorMade) -> Iterator[Finding]:
    image, made = call.value, call.result
    if not isinstance(image, Array) or image.kind != "ndarray" or image.dtype == "uint8":
        return
    if image.dtype is None or not isinstance(made, Tensor) or made.scale != "255" or any(map(scales_bytes, call.following)):
        return
    yield call.flag(
        f"`ToTensor` divides bytes by 255 and nothing else: this image of {image.dtype} keeps its values up to 255; "
        "give it the bytes, or divide before"
    )
