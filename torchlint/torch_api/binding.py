"""Call arguments to parameter names, by the table of signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeVar

from torchlint.torch_api.signatures import PARAMETERS

T = TypeVar("T")

# Signatures that torch hides behind `*args, **kwargs`.
_RECURRENT = "input_size, hidden_size, num_layers, {}bias, batch_first, dropout, bidirectional, {}device, dtype"
_HIDDEN = {
    "torch.nn.RNN": _RECURRENT.format("nonlinearity, ", ""),
    "torch.nn.LSTM": _RECURRENT.format("", "proj_size, "),
    "torch.nn.GRU": _RECURRENT.format("", ""),
}


@cache
def parameters(name: str) -> tuple[str, ...]:
    """The parameter names of a function, class or tensor method (without its receiver)."""
    text = _HIDDEN.get(name) or PARAMETERS.get(name, "")
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    return names[1:] if name.startswith("torch.Tensor.") else names


def is_public(name: str) -> bool:
    """Whether torch documents something of that qualified name."""
    return name in PARAMETERS


def bind(name: str, positional: Sequence[T], keywords: Mapping[str, T]) -> dict[str | int, T]:
    """Arguments by parameter name; positional ones beyond the known names by their number.

    What a variadic parameter takes is found under 0, 1, 2 … as well.
    """
    bound: dict[str | int, T] = {}
    names = parameters(name)
    for index, value in enumerate(positional):
        if index >= len(names) or names[index].startswith("*"):
            for number, rest in enumerate(positional[index:], index):
                bound[number] = rest
            break
        bound[names[index]] = value
    bound.update(keywords)
    return bound


@cache
def public_names(module: str) -> tuple[str, ...]:
    """What `from module import *` brings, as far as the table of signatures knows."""
    prefix = module + "."
    names = {name[len(prefix) :].partition(".")[0] for name in PARAMETERS if name.startswith(prefix)}
    extra = {"torch": ("nn", "optim", "utils", "autograd", "cuda", "Tensor", "float32", "float64", "int64", "long", "float"), "torch.nn": ("Module", "functional", "init", "Parameter")}
    return tuple(sorted(names | set(extra.get(module, ()))))
