"""TL602: a strict load of a state dict from which the model's own keys were taken."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import lines_before
from torchlint.analysis.facts.checkpoints import StateLoaded
from torchlint.analysis.values.abstract import TRUE
from torchlint.analysis.values.written.expressions import is_name, is_named, stands_alone
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule


@rule("TL602", words=("load_state_dict",))
def partial_load_strict(load: StateLoaded) -> Iterator[Finding]:
    if not load.missing or load.arguments.get("strict", TRUE) != TRUE:
        return
    keys = ", ".join(f"`{key}`" for key in load.missing[:2]) + (" …" if len(load.missing) > 2 else "")
    yield load.flag(
        f"{keys} of the model were taken out of this state dict, and the load is strict: RuntimeError, missing keys; update "
        "the model's own `state_dict()` with it and load that",
        fix=_updated(load),
    )


def _updated(load: StateLoaded) -> Fix | None:
    model, state = load.receiver_site, load.argument_site(0, "state_dict")
    if state is None or model is None or not is_name(state) or not is_named(model) or not stands_alone(load.site):
        return None
    added = lines_before(load.site.statement, f"model_dict = {model.text}.state_dict()", f"model_dict.update({state.text})")
    return Fix("Update the model's own state dict", (added, Edit(state.span, "model_dict")), "unsafe")
