"""TL505: a view that only looks like a permutation."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import method_replaced
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.lineage import shape_text, sources
from torchlint.analysis.facts.regrouping import shifts
from torchlint.analysis.facts.sizes import size_arguments, written
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.permutations import permutation, permuted

_METHODS = frozenset({"torch.Tensor.view", "torch.Tensor.reshape"})


def _of_use(tensor: Tensor) -> bool:
    """Whether a tensor is more than numbers made up to show what `view` does."""
    return any(each.layer is not None or each.parameter or each.op == "batch" for each in sources(tensor))


@rule("TL505", severity="warning", words=("view|reshape",), calls=("view", "reshape"))
def view_instead_of_permute(call: Call) -> Iterator[Finding]:
    given, result = call.positional[0] if call.positional else None, call.result
    if call.name not in (*_METHODS, "torch.reshape") or not isinstance(given, Tensor) or not isinstance(result, Tensor):
        return
    groups = permuted(given.shape, result.shape)
    if groups is None or given.shape is None or result.shape is None or shifts(call.site, given):
        return
    sizes = size_arguments(call.positional, call.site, call.name in _METHODS)
    read = [site for _, site in sizes if not written(site)]
    joined = any(len(group) > 1 for group in groups)
    if (joined and len(read) < 2) or (not read and len(result.shape) == 2 and not _of_use(given)):
        return
    order = permutation(given.shape, result.shape, groups)
    before, after = shape_text(given.shape, given.shape), shape_text(result.shape, given.shape)
    permute = f"permute({', '.join(map(str, order))})" if order else None
    fix = method_replaced(call.site, permute, "Permute the dimensions") if permute is not None and call.name in _METHODS else None
    advice = f"`{permute}`" if permute else "`permute` or `transpose` first"
    yield call.flag(
        f"`{call.bare}` makes {after} of {before} without moving a number, so that the content is scrambled; use {advice}", fix=fix
    )
