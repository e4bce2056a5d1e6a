"""TL605: a checkpoint is a pickle, and may run any program."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import FALSE
from torchlint.analysis.values.expressions import is_literal
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL605", severity="warning", words=("load", "False"), calls=("load",))
def unsafe_load(call: Call) -> Iterator[Finding]:
    if call.name == "torch.load" and call.arguments.get("weights_only") == FALSE:
        yield call.flag(
            "`weights_only=False` runs whatever program the file's sender put into it; pass `weights_only=True` and share "
            "state dicts, not objects",
            fix=_guarded(call),
        )


@rule("TL605", severity="warning", words=("load",), calls=("load",), before=(2, 6), since=(1, 13))
def unguarded_load(call: Call) -> Iterator[Finding]:
    if _is_unguarded(call):
        yield call.flag(
            "before torch 2.6, which the project supports, `torch.load` runs whatever program the file's sender put into "
            "it; pass `weights_only=True`",
            fix=call.add_argument("weights_only=True", "Load weights only", "unsafe"),
        )


@rule("TL605", severity="warning", words=("load",), calls=("load",), before=(1, 13))
def load_without_guard(call: Call) -> Iterator[Finding]:
    if _is_unguarded(call):
        yield call.flag(
            "before torch 1.13, which the project supports, `torch.load` runs whatever program the file's sender put into "
            "it; require a newer torch, and pass `weights_only=True`"
        )


def _is_unguarded(call: Call) -> bool:
    return call.name == "torch.load" and call.plain and "weights_only" not in call.arguments


def _guarded(call: Call) -> Fix | None:
    given = call.argument_site(None, "weights_only")
    return replace(given, "True", "Load weights only", "unsafe") if given is not None and is_literal(given) else None
