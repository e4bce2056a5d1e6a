"""TL702: a normalised image is no picture."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import Array, Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.plots import draws_image


@rule("TL702", severity="warning", words=("imshow", "ormalize"), calls=("imshow",))
def imshow_normalized(call: Call) -> Iterator[Finding]:
    if not draws_image(call.name):
        return
    image = call.arguments.get("X", call.positional[0] if call.positional else None)
    if not isinstance(image, Tensor | Array) or image.scale != "normalized" or image.shape is None:
        return
    # One channel is drawn through a colour map, which is stretched over whatever range there is.
    if len(image.shape) == 3 and 3 in (image.shape[0], image.shape[2]):
        yield call.flag(
            "this image is still normalised: `imshow` cuts off what is below 0 or above 1; multiply by the std and add the mean first"
        )
