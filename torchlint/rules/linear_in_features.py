"""TL503: a Linear behind a flatten that takes another number than the convolutions leave."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.flattenings import in_features_wrong
from torchlint.analysis.facts.lineage import layer_name, way
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.analysis.values.written.expressions import argument_of
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL503", words=("Linear",))
def linear_in_features(mismatch: ShapeMismatch) -> Iterator[Finding]:
    if not in_features_wrong(mismatch) or mismatch.module_site is None:
        return
    name, site = layer_name(mismatch.module), mismatch.module_site
    number = argument_of(site, 0, "in_features")
    found = mismatch.found
    fix = replace(number, str(found), f"Take {found} features", "unsafe") if number is not None and isinstance(found, int) else None
    advice = f"write {found}" if isinstance(found, int) else "no input's size leaves that number; count again"
    yield mismatch.flag(
        f"{way(mismatch.at_fault)}, but `{name}` takes {mismatch.expected} features, so that the first batch raises; {advice}",
        at=site,
        related=((mismatch.site, f"`{name}` is applied here"),),
        fix=fix,
    )
