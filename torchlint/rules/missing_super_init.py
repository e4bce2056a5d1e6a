"""TL205: a module that nn.Module has not made room in."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.initialisation import base_init_first
from torchlint.analysis.facts.classes import UninitializedModule
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL205", words=("__init__",))
def missing_super_init(module: UninitializedModule) -> Iterator[Finding]:
    fix = base_init_first(module.module, module.init)
    if module.applied:
        yield module.flag(
            "this never calls `super().__init__()`: the module can be made, and raises AttributeError as soon as it is called, moved "
            "or asked for its parameters; call `super().__init__()` first",
            at=module.init,
            fix=fix,
            related=((module.site, "it is called here"),),
        )
        return
    yield module.flag(
        "this registers something before `super().__init__()` has run: creating the module raises AttributeError; call "
        "`super().__init__()` first",
        fix=fix,
    )
