"""TL205: a layer assigned before nn.Module has made room for it."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.semantics.class_facts import UninitializedModule
from torchlint.semantics.initialisation import base_init_first


@rule("TL205", words=("__init__",))
def missing_super_init(module: UninitializedModule) -> Iterator[Finding]:
    yield module.flag(
        "this registers something before `super().__init__()` has run: creating the module raises AttributeError; call "
        "`super().__init__()` first",
        fix=base_init_first(module.module, module.init),
    )
