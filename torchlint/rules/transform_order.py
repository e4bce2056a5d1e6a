"""TL704: what works on tensors stands after ToTensor, what works on pictures before."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import swapped
from torchlint.analysis.facts.calls import Construction
from torchlint.analysis.facts.transforms import Step, chain_steps
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.transforms import transform


@rule("TL704", words=("Compose",))
def transform_order(made: Construction) -> Iterator[Finding]:
    found = transform(made.name)
    if found is None or found.makes != "chain":
        return
    steps = chain_steps(made.result)
    tensor: Step | None = None
    for index, step in enumerate(steps):
        kind = step.kind
        if kind is None or kind.makes in _UNCLEAR:
            tensor = None
            continue
        before = steps[index - 1] if index else None
        after = _maker_after(steps[index + 1 :])
        if tensor is not None and kind.takes == "pictures":
            yield made.flag(f"`{kind.name}` takes images, and `{tensor.name}` has made a tensor: it raises a TypeError; leave one out", at=step.site)
        elif tensor is not None and kind.takes == "bytes" and tensor.kind is not None and tensor.kind.makes == "tensor":
            message = f"`{kind.name}` needs bytes, and `{tensor.name}` has made floats: it raises a TypeError; put it before"
            yield made.flag(message, at=step.site, fix=_swapped(tensor, step) if before is tensor else None)
        elif tensor is None and kind.takes == "tensors" and after is not None:
            message = f"`{kind.name}` takes tensors, and stands before `{after.name}`: an image raises an error; put it behind"
            yield made.flag(message, at=step.site, fix=_swapped(step, after) if steps[index + 1] is after else None)
        tensor = step if kind.makes in _MAKERS else tensor


_MAKERS = ("tensor", "bytes")
_UNCLEAR = ("function", "choice", "other", "picture", "chain")


def _maker_after(steps: list[Step]) -> Step | None:
    """The step that makes a tensor of the picture which is still one; None behind what may have done so."""
    for step in steps:
        if step.kind is None or step.kind.makes in _UNCLEAR:
            return None
        if step.kind.makes in _MAKERS:
            return step
    return None


def _swapped(first: Step, second: Step) -> Fix | None:
    a, b = first.site, second.site
    if a is None or b is None or a.path != b.path or not first.in_list or not second.in_list:
        return None
    return swapped(a, b, "Let them change places")
