"""TL215: a method of nn.Module overridden so that torch's own calls of it break."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.classes import ClassDefined, MethodOverridden
from torchlint.analysis.values.abstract import Const, Dict, List, Tuple
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.module_methods import CALLED_BY_TORCH


@rule("TL215", words=("|".join(CALLED_BY_TORCH),))
def module_method_overridden(method: MethodOverridden) -> Iterator[Finding]:
    if method.silent:
        what = f"this `{method.name}` never calls torch's, so that it no longer switches the mode"
    else:
        what = f"torch itself calls `{method.name}` with other arguments than this takes: TypeError"
    yield method.flag(f"{what}; choose another name, or keep torch's signature and call `super().{method.name}(...)`")


@rule("TL215", words=("|".join(CALLED_BY_TORCH),))
def module_method_hidden(defined: ClassDefined) -> Iterator[Finding]:
    for name in CALLED_BY_TORCH:
        value = defined.instance.store.get(name)
        if not isinstance(value, Const | List | Dict | Tuple):
            continue
        site = defined.assigned(name, value)
        if site is not None:
            yield defined.flag(f"this attribute hides nn.Module's method `{name}`, which torch calls; choose another name", at=site)
