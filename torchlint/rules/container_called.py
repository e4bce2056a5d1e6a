"""TL217: a ModuleList or ModuleDict is called like a layer."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import ContainerCalled
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL217", words=("ModuleList|ModuleDict",))
def container_called(called: ContainerCalled) -> Iterator[Finding]:
    instead = "call its modules in a loop, or make it an `nn.Sequential`" if called.name == "ModuleList" else "call one of its modules, by key"
    yield called.flag(f"an `nn.{called.name}` has no `forward`, and to call it raises NotImplementedError; {instead}")
