"""TL211: a method that is named but not called does nothing."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import insert_after
from torchlint.analysis.facts.calls import MethodNotCalled
from torchlint.analysis.facts.intent import does_something, wants_result
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

_CONTEXTS = frozenset({"torch.no_grad", "torch.inference_mode", "torch.enable_grad"})


@rule("TL211")
def method_not_called(use: MethodNotCalled) -> Iterator[Finding]:
    if use.use == "statement" and does_something(use.receiver, use.name):
        yield use.flag(f"`{use.site.text}` names the method and does not call it: nothing happens; add `()`", fix=_called(use))
    elif use.use == "with" and use.name in _CONTEXTS:
        yield use.flag(f"`{use.site.text}` is the class, not a context: `with` raises TypeError; add `()`", fix=_called(use))
    elif use.use.startswith("argument of ") and wants_result(use.receiver, use.name, use.use.removeprefix("argument of ")):
        yield use.flag(f"`{use.site.text}` is the method, not what it returns: this raises TypeError; add `()`", fix=_called(use))


def _called(use: MethodNotCalled) -> Fix | None:
    return insert_after(use.site, "()", "Call it")
