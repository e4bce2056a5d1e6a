"""TL701: matplotlib draws (H, W, C), torch keeps (C, H, W)."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import Array, Tensor
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dims import same, show_shape
from torchlint.torch_api.plots import draws_image
from torchlint.torch_api.transforms import is_side

_DRAWN = (1, 3, 4)


@rule("TL701", words=("imshow",), calls=("imshow",))
def imshow_channels_first(call: Call) -> Iterator[Finding]:
    if not draws_image(call.name):
        return
    image = call.arguments.get("X", call.positional[0] if call.positional else None)
    if not isinstance(image, Tensor | Array) or image.shape is None or (isinstance(image, Array) and image.kind == "PIL"):
        return
    rank = len(image.shape)
    if rank < 3 or (rank == 3 and not is_side(image.shape[-1]) and not all(same(image.shape[-1], each) is False for each in _DRAWN)):
        return
    remedy = "move the channels to the end with `permute(1, 2, 0)`" if rank == 3 else "draw one image of the batch, as (H, W, C)"
    site = call.argument_site(0, "X")
    text = "permute(1, 2, 0)" if isinstance(image, Tensor) else "transpose(1, 2, 0)"
    yield call.flag(
        f"`imshow` draws (H, W) or (H, W, C), and {show_shape(image.shape)} raises a TypeError; {remedy}",
        fix=Fix("Move the channels to the end", call_behind(site, text)) if site and rank == 3 else None,
    )
