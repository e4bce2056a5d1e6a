"""TL203: `nn.ReLU(x)` makes a module; it does not apply one."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import insert_after
from torchlint.analysis.facts.calls import Construction
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.layers import layer, made_without_arguments, most_tensors


@rule("TL203")
def constructor_given_tensor(made: Construction) -> Iterator[Finding]:
    allowed = most_tensors(made.name)
    given = [value for value in made.positional if isinstance(value, Tensor) and value.shape != ()]
    if allowed is None or len(given) <= allowed or not isinstance(made.positional[0], Tensor):
        return
    name = made.name.rpartition(".")[2]
    found = layer(made.name)
    if found is not None and found.parameters and given[0].shape is None:
        return  # a size that was computed as a tensor
    what = "the loss is not computed" if found is not None and found.loss else "nothing is computed"
    yield made.flag(
        f"`{name}(...)` makes a module and takes these tensors for its settings: {what}; make it first, then call it: `{name}(...)(x)`",
        fix=_applied(made),
    )


def _applied(made: Construction) -> Fix | None:
    callee = made.callee_site
    only = made.plain and not made.names_arguments and all(isinstance(value, Tensor) for value in made.positional)
    return insert_after(callee, "()", "Make the module, then call it") if callee and only and made_without_arguments(made.name) else None
