"""TL306: an autograd Function is run by `apply`, and by nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.edits.expressions import name_span
from torchlint.analysis.facts.gradients import FunctionBypassed
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule


@rule("TL306", words=("Function",))
def autograd_function_misuse(call: FunctionBypassed) -> Iterator[Finding]:
    harm = (
        "an instance of an autograd Function is called, which raises a RuntimeError"
        if call.instance
        else "`forward` of an autograd Function is called by name, so that its own `backward` is passed by"
    )
    yield call.flag(f"{harm}; use `{call.cls.name}.apply(…)`", fix=_fix(call.site))


def _fix(site: Site) -> Fix | None:
    node = site.node
    if not isinstance(node, ast.Call):
        return None
    callee = site.at(node.func)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "forward":
        span = name_span(callee)
        return Fix("Use apply", (Edit(span, "apply"),)) if span is not None else None
    if isinstance(node.func, ast.Call) and not node.func.args and not node.func.keywords:
        return Fix("Use apply", (Edit(callee.span, f"{site.at(node.func.func).text}.apply"),))
    return None
