"""Calls of everything that the table takes for elementwise, and that has no case of its own."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.shapes.draws import any_tensor, broadcastable, shape_of, tensor
from tests.shapes.function_cases import FUNCTION_CASES
from tests.shapes.proof import Call, Case
from torchlint.torch_api.shapes import broadcasting
from torchlint.torch_api.shapes.table import FUNCTIONS, TensorShape

# What comes after the tensor where it is not optional.
_MORE: dict[str, tuple[Any, ...]] = {
    "fill_": (1.0,),
    "clamp_": (0.0,),
    "clamp_min_": (0.0,),
    "clamp_max_": (0.0,),
    "clamp_min": (0.0,),
    "clamp_max": (0.0,),
    "clip": (0.0, 1.0),
    "to": ("cpu",),
    "type": ("torch.FloatTensor",),
    "type_as": (tensor(1),),
    "threshold": (0.1, 20.0),
    "threshold_": (0.1, 20.0),
    "full_like": (1.0,),
    "randint_like": (5,),
    "prelu": (tensor(1),),
}

# These need an accelerator, or another dtype.
ELSEWHERE = {"cuda", "pin_memory", "data", "float_power_"}

_INTEGERS = {
    "bitwise_not",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_left_shift",
    "bitwise_right_shift",
    "gcd",
    "lcm",
}


def _one(name: str) -> Callable[[Random], Call]:
    def draw(r: Random) -> Call:
        # In training, as functions are unless told otherwise, features want dims.
        input = any_tensor(r, 2 if name in ("dropout2d", "dropout3d", "feature_alpha_dropout") else 0)
        kind = "integer" if name in _INTEGERS else None
        return Call((TensorShape(input.shape, kind), *_MORE.get(name, ())))

    return draw


def _two(name: str) -> Callable[[Random], Call]:
    kind: Any = "integer" if name.rstrip("_") in _INTEGERS else None

    def draw(r: Random) -> Call:
        shape = shape_of(any_tensor(r))
        return Call((tensor(*shape, kind=kind), tensor(*broadcastable(r, shape), kind=kind)))

    return draw


def _cases() -> list[Case]:
    known = {case.name for case in FUNCTION_CASES}
    cases = []
    for name, entry in FUNCTIONS.items():
        last = name.rpartition(".")[2]
        if name in known or last in ELSEWHERE:
            continue
        if entry.shape is broadcasting.unchanged or (
            last in _MORE and entry.shape is broadcasting.elementwise
        ):
            cases.append(Case(name, _one(last)))
        elif entry.shape in (broadcasting.elementwise, broadcasting.in_place):
            cases.append(Case(name, _two(last)))
    return cases


ELEMENTWISE_CASES: list[Case] = _cases()
