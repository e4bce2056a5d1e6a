"""TL307: a Function's backward returns one gradient for each input of its forward."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.autograd_functions import ReturnStatement, inputs_of_forward, is_function
from torchlint.analysis.values.abstract import NONE
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL307", words=("Function", "backward"))
def backward_arity(returned: ReturnStatement) -> Iterator[Finding]:
    function = returned.frame.function
    owner = function.owner if function is not None else None
    if function is None or owner is None or function.name != "backward" or not is_function(owner):
        return
    wanted, given = inputs_of_forward(owner), returned.gradients
    if wanted is None or given is None or wanted[0] <= len(given) <= wanted[1]:
        return
    if len(given) > wanted[1] and all(each == NONE for each in given[wanted[1] :]):
        return
    count = str(wanted[1]) if wanted[0] == wanted[1] else f"{wanted[0]} to {wanted[1]}"
    yield returned.flag(
        f"`forward` takes {count} input{'' if count == '1' else 's'} and `backward` returns {len(given)} gradient{'' if len(given) == 1 else 's'}, "
        "so that `loss.backward()` raises; return a tuple with one for each input, None for those that need none"
    )
