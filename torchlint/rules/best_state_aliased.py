"""TL604: `model.state_dict()` is the model's weights, not a copy of them."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.naming import globals_of, name_in
from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.checkpoints import StateAliased
from torchlint.analysis.facts.statements import Assignment
from torchlint.analysis.values.abstract import Instance
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import STEPPED, Store
from torchlint.analysis.values.written.expressions import is_call
from torchlint.analysis.values.written.guards import kept_for_later
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL604", words=("state_dict",))
def best_state_aliased(state: StateAliased) -> Iterator[Finding]:
    yield state.flag(
        "this state dict refers to the model's own weights, which training goes on to change: what is kept is always the "
        "latest state; copy it",
        fix=_copied(state.site, globals_of(state.frame)),
    )


@rule("TL604", about=(Instance,))
def best_model_aliased(assignment: Assignment) -> Iterator[Finding]:
    value = assignment.value
    if not isinstance(value, Instance) or not value.store.get(STEPPED) or not assignment.frame.loops:
        return
    source = kept_for_later(assignment.site, assignment.frame.loops[0].site)
    if source is None:
        return
    copy = name_in(globals_of(assignment.frame), "copy")
    yield assignment.flag(
        f"`{assignment.name}` is another name for the model, which training goes on to change; keep a copy",
        fix=replace(source, f"{copy}.deepcopy({source.text})", "Copy the model") if copy else None,
    )


def _copied(site: Site, store: Store) -> Fix | None:
    if not is_call(site):
        return None
    copy = name_in(store, "copy")
    clones = f"{{name: value.clone() for name, value in {site.text}.items()}}"
    return replace(site, f"{copy}.deepcopy({site.text})" if copy else clones, "Copy the weights")
