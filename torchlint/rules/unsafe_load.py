"""TL605: a checkpoint is a pickle, and may run any program."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.checkpoints import CheckpointRead
from torchlint.analysis.values.abstract import FALSE
from torchlint.analysis.values.written.expressions import is_literal
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL605", severity="warning", words=("load", "False"))
def unsafe_load(call: CheckpointRead) -> Iterator[Finding]:
    if call.arguments.get("weights_only") == FALSE and not call.of_own_file:
        yield call.flag(
            "`weights_only=False` runs whatever program the file's sender put into it; pass `weights_only=True` and share "
            "state dicts, not objects",
            fix=_guarded(call),
        )


@rule("TL605", severity="warning", words=("load",), before=(2, 6), since=(1, 13))
def unguarded_load(call: CheckpointRead) -> Iterator[Finding]:
    if _is_unguarded(call):
        yield call.flag(
            "before torch 2.6, which the project supports, `torch.load` runs whatever program the file's sender put into "
            "it; pass `weights_only=True`",
            fix=call.add_argument("weights_only=True", "Load weights only", "unsafe"),
        )


@rule("TL605", severity="warning", words=("load",), before=(1, 13))
def load_without_guard(call: CheckpointRead) -> Iterator[Finding]:
    if _is_unguarded(call):
        yield call.flag(
            "before torch 1.13, which the project supports, `torch.load` runs whatever program the file's sender put into "
            "it; require a newer torch, and pass `weights_only=True`"
        )


def _is_unguarded(call: CheckpointRead) -> bool:
    return call.plain and "weights_only" not in call.arguments and not call.of_own_file


def _guarded(call: CheckpointRead) -> Fix | None:
    given = call.argument_site(None, "weights_only")
    return replace(given, "True", "Load weights only", "unsafe") if given is not None and is_literal(given) else None
