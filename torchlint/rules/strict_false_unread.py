"""TL603: `strict=False` says what it did not load only in what it returns."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import handed_to
from torchlint.analysis.facts.checkpoints import StateLoaded
from torchlint.analysis.values.abstract import FALSE
from torchlint.analysis.values.written.expressions import stands_alone
from torchlint.analysis.values.written.guards import bound_and_unread
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL603", severity="warning", default=False, words=("load_state_dict", "False"))
def strict_false_unread(load: StateLoaded) -> Iterator[Finding]:
    if load.arguments.get("strict") != FALSE or not (load.discarded or bound_and_unread(load.site)):
        return
    yield load.flag(
        "with `strict=False` keys that do not fit are skipped, and only the returned report says so: a wrong prefix loads "
        "nothing; print it, or check `missing_keys`",
        fix=handed_to(load.site, "print", "Print the report") if stands_alone(load.site) else None,
    )
