"""TL109: torch.Tensor takes a number for a size and turns data into floats."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import argument_instead
from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import NONE, Array, Const, List, Size, Tensor, Tuple, Value
from torchlint.analysis.values.devices import device_of
from torchlint.analysis.values.inspection import contents
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import (
    becomes_parameter,
    callee,
    cast_at_once,
    filled_at_once,
    given_to_call,
    names_parameter,
    prefix,
)
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dtypes import LEGACY_TENSORS, is_integer

# `torch.Tensor(0)` is an empty tensor, of which nobody reads what was in memory.
_NOTHING = Const(0)


@rule("TL109", severity="warning", words=("Tensor|tensor",), calls=LEGACY_TENSORS)
def legacy_tensor_constructor(call: Call) -> Iterator[Finding]:
    package, _, name = call.name.rpartition(".")
    if package not in ("torch", "torch.cuda") or name not in LEGACY_TENSORS or len(call.positional) != 1:
        return
    given = call.positional[0]
    if given == _NOTHING:
        return
    if isinstance(given, Size) or (isinstance(given, Const) and isinstance(given.value, int)):
        if not filled_at_once(call.site) and not given_to_call(call.site):
            yield call.flag(
                f"`{name}` takes one number for a size and gives as many elements of whatever was in memory; "
                "call `torch.empty` for a size, or `torch.tensor` for a number",
                fix=_fix(call, "empty", name) if package == "torch" else None,
            )
    elif name == "Tensor" and _elsewhere(call.arguments.get("device", NONE)):
        yield call.flag("`Tensor` makes tensors on the CPU alone: with another `device` it raises a RuntimeError; call `torch.tensor`")
    elif name == "Tensor" and _integers(given) and not cast_at_once(call.site) and not becomes_parameter(call.site):
        yield call.flag(
            "`Tensor` makes float32 of integers, so that they are no labels or indices; call `torch.tensor`, with a dtype where it matters",
            fix=_fix(call, "tensor", name) if isinstance(given, List | Tuple) else None,
        )


@rule("TL109", severity="warning", words=("tensor",), calls=("tensor",))
def tensor_copied(call: Call) -> Iterator[Finding]:
    source = call.argument_site(0, "data")
    data = call.arguments.get("data")
    if call.name != "torch.tensor" or source is None or not isinstance(data, Tensor) or _only_annotated(source, data):
        return
    alone = len(call.arguments) == 1
    yield call.flag(
        "`torch.tensor` of a tensor copies it without its graph and warns; write `.detach().clone()` for a copy",
        fix=argument_instead(call.site, source, "detach().clone()", "Copy with `detach().clone()`", "unsafe") if alone else None,
    )


def _only_annotated(source: Site, data: Tensor) -> bool:
    """Whether it is only the annotation of a parameter that says so: the call belies it."""
    return data.op is None and data.site is None and not data.parameter and names_parameter(source)


def _integers(given: Value) -> bool:
    """Whether data are integers alone, for certain: then `torch.tensor` makes something else of them.

    Labels and indices are written one or two lists deep; what is deeper is a kernel or a stack of matrices, and calculated with.
    """
    if isinstance(given, Array | Tensor):
        return bool(is_integer(given.dtype))
    held = contents(given, depth=2) if isinstance(given, List) or (isinstance(given, Tuple) and given.shape_of is None) else []
    return bool(held) and all(isinstance(each, Size) or (isinstance(each, Const) and isinstance(each.value, int)) for each in held)


def _elsewhere(device: Value) -> bool:
    """Whether a device may be another than the CPU."""
    return device != NONE and not (device_of(device) or "").startswith("cpu")


def _fix(call: Call, function: str, name: str) -> Fix | None:
    package, called = prefix(call.site), callee(call.site)
    if package is None or called is None:
        return None
    edits = [Edit(called.span, f"{package}.{function}")]
    dtype = LEGACY_TENSORS[name]
    if function == "tensor" or dtype != "float32":
        added = call.add_argument(f"dtype={package}.{dtype}", "")
        edits += added.edits if added else ()
    return Fix(f"Call `{function}`", tuple(edits), "unsafe")
