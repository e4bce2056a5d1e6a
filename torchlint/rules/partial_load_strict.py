"""TL602: a strict load of a state dict from which the model's own keys were taken."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.edits.places import insert_line, statement_of
from torchlint.analysis.facts.checkpoints import StateLoaded
from torchlint.analysis.values.abstract import TRUE
from torchlint.diagnostic import Edit, Finding, Fix, Span
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
    statement, model, state = statement_of(load.site), load.receiver_site, load.argument_site(0, "state_dict")
    if state is None or model is None or not isinstance(state.node, ast.Name) or not isinstance(model.node, ast.Name | ast.Attribute):
        return None
    lines = f"model_dict = {model.text}.state_dict()", f"model_dict.update({state.text})"
    if not isinstance(statement.node, ast.Expr) or statement.node.value is not load.node:
        return None
    (first,) = insert_line(statement, lines[0], "").edits
    indent = first.text.partition("\n")[2]
    return Fix(
        "Update the model's own state dict",
        (Edit(Span(first.span.start, first.span.start), f"{lines[0]}\n{indent}{lines[1]}\n{indent}"), Edit(state.span, "model_dict")),
        "unsafe",
    )
