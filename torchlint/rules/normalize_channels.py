"""TL706: a mean and a std for each channel."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.transforms import TransformCall, normalized_channels
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL706", words=("ormalize",))
def normalize_channels(call: TransformCall) -> Iterator[Finding]:
    image = call.value
    if call.kind.makes != "normalized" or not isinstance(image, Tensor) or image.shape is None or len(image.shape) < 3:
        return
    means = normalized_channels(call.transform)
    channels, built = image.shape[-3], call.transform.site
    if not isinstance(channels, int) or means is None or means in (1, channels):
        return
    harm = "it returns an image of as many channels" if call.kind.modern else "it raises a RuntimeError"
    yield call.flag(
        f"`Normalize` is given {means} means for an image of {channels} channel{'s' if channels > 1 else ''}: {harm}; "
        "give one number for each channel, or change the image's channels first",
        at=built,
        related=((call.site, "it is applied here"),) if built and not call.site.same(built) else (),
    )
