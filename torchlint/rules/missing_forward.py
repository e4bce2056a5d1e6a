"""TL206: a module that is called and has no `forward`; an `__init__` that is misspelt."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import name_of_definition, replace_span
from torchlint.analysis.facts.classes import ForwardMissing, InitMisspelt
from torchlint.analysis.values.abstract import Class
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL206")
def missing_forward(missing: ForwardMissing) -> Iterator[Finding]:
    cls = missing.module.cls
    name = cls.name if isinstance(cls, Class) else cls
    called = ((missing.site, "it is called here"),)
    if missing.method is None:
        message = f"`{name}` is called but has no `forward`: this raises NotImplementedError; define `forward`"
        yield missing.flag(message, at=missing.definition, related=called)
        return
    nested = missing.name == "forward"
    how = "stands inside `__init__`: move it one level out" if nested else f"is named `{missing.name}`: rename it"
    yield missing.flag(
        f"`{name}` has no `forward`, so that calling it raises NotImplementedError; this method {how}",
        at=missing.method,
        fix=None if nested or missing.used else _renamed(missing.method, missing.name, "forward"),
        related=called,
    )


@rule("TL206", words=("init|_int|intit|inti",))
def misspelt_constructor(method: InitMisspelt) -> Iterator[Finding]:
    yield method.flag(
        f"`{method.name}` is not run when a `{method.cls.name}` is made, so that its layers do not exist; name it `__init__`",
        fix=_renamed(method.site, method.name, "__init__"),
    )


def _renamed(definition: Site, old: str, new: str) -> Fix | None:
    span = name_of_definition(definition, old)
    return replace_span(span, new, f"Rename it to {new}") if span is not None else None
