"""TL209: one layer several times in a container, where several were meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.classes import RepeatedLayer
from torchlint.analysis.values.guards import chosen
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL209", words=("Sequential|ModuleList",))
def repeated_layer_object(layer: RepeatedLayer) -> Iterator[Finding]:
    if chosen(layer.site):
        return
    yield layer.flag(
        "this repeats one layer object: all places in the container share and train the same weights; make a new layer "
        "for each with a comprehension",
        fix=_comprehension(layer.site),
        related=((layer.container, "the container is made here"),),
    )


def _comprehension(site: Site) -> Fix | None:
    node = site.node
    if not isinstance(node, ast.BinOp):
        return None
    held, count = (node.left, node.right) if isinstance(node.left, ast.List) else (node.right, node.left)
    if not isinstance(held, ast.List) or len(held.elts) != 1 or not isinstance(held.elts[0], ast.Call):
        return None
    text = f"[{site.at(held.elts[0]).text} for _ in range({site.at(count).text})]"
    return replace(site, text, "Make a layer for each place")
