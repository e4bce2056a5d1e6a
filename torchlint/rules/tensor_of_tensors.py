"""TL111: a list of tensors where torch takes numbers or one tensor."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import List, Tensor, Tuple, Value
from torchlint.analysis.values.inspection import contents
from torchlint.analysis.values.written.expressions import callee, name_span, prefix
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.operations import OF_ONE_TENSOR, bare

_MAKERS = frozenset({"torch.tensor", "torch.as_tensor"})


@rule("TL111", words=("tensor|mean|sum|max|min|std|var|prod|median|norm",), calls=bare(_MAKERS | OF_ONE_TENSOR))
def tensor_of_tensors(call: Call) -> Iterator[Finding]:
    given = call.positional[0] if call.positional else None
    if not isinstance(given, List | Tuple) or call.name not in _MAKERS | OF_ONE_TENSOR:
        return
    held = contents(given)
    tensors = [each for each in held if isinstance(each, Tensor)]
    if call.name in OF_ONE_TENSOR:
        if isinstance(given, List) and tensors and len(tensors) == len(held):
            yield call.flag(
                f"`{call.name}` takes one tensor, and a list of tensors raises a TypeError; join them with `torch.stack`",
                fix=_stacked(call),
            )
    elif any(_several(each) or each.requires_grad for each in tensors):
        yield call.flag(
            f"`{call.name}` reads each tensor of the list as a number: it raises a ValueError for more than one element, and "
            "otherwise cuts the graph; join them with `torch.stack`",
            fix=_renamed(call, given),
            # Numbers may be what is wanted, for a log or a comparison.
            severity=None if any(map(_several, tensors)) else "warning",
        )


def _several(tensor: Tensor) -> bool:
    return bool(tensor.shape) and any(isinstance(size, int) and size > 1 for size in tensor.shape or ())


def _renamed(call: Call, given: Value) -> Fix | None:
    direct = all(isinstance(each, Tensor) for each in contents(given, depth=1))
    span = name_span(callee(call.site))
    if not direct or span is None or prefix(call.site) is None or len(call.arguments) != 1:
        return None
    return Fix("Join them with `stack`", (Edit(span, "stack"),))


def _stacked(call: Call) -> Fix | None:
    argument, package = call.argument_site(0, "input"), prefix(call.site)
    if argument is None or package is None:
        return None
    return Fix("Join them with `stack`", (Edit(argument.span, f"{package}.stack({argument.text})"),))
