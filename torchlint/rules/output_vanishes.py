"""TL506: a kernel larger than what is left of its input."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.lineage import way
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL506", words=("Conv|conv|Pool|pool|Unfold|unfold|Fold|fold",))
def output_vanishes(mismatch: ShapeMismatch) -> Iterator[Finding]:
    if mismatch.kind != "vanishes" or mismatch.at_fault is None:
        return
    yield mismatch.flag(
        f"{way(mismatch.at_fault)}: {mismatch.reason}, so that the first batch raises; drop a pool, pad, take a smaller "
        "stride or kernel, or a larger input",
        related=((mismatch.module_site, "the layer is built here"),),
    )
