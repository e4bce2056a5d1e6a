"""TL306: an autograd Function is run by `apply`, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import run_by
from torchlint.analysis.facts.autograd_functions import FunctionBypassed
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL306", words=("Function",))
def autograd_function_misuse(call: FunctionBypassed) -> Iterator[Finding]:
    harm = (
        "an instance of an autograd Function is called, which raises a RuntimeError"
        if call.instance
        else "`forward` of an autograd Function is called by name, so that its own `backward` is passed by"
    )
    yield call.flag(f"{harm}; use `{call.cls.name}.apply(…)`", fix=run_by(call.site, "forward", "apply", "Use apply"), severity=None if call.instance else "warning")
