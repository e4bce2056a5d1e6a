"""TL209: one layer several times in a container, where several were meant."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.lists import made_for_each
from torchlint.analysis.facts.classes import RepeatedLayer
from torchlint.analysis.values.written.guards import chosen
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL209", severity="warning", words=("Sequential|ModuleList",))
def repeated_layer_object(layer: RepeatedLayer) -> Iterator[Finding]:
    if chosen(layer.site):
        return
    yield layer.flag(
        "this repeats one layer object: all places in the container share and train the same weights; make a new layer "
        "for each with a comprehension",
        fix=made_for_each(layer.site, "Make a layer for each place"),
        related=((layer.container, "the container is made here"),),
    )
