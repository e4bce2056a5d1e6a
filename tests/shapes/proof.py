"""The proof that shapes are torch's: a call is drawn, torch and the engine answer it, and the answers are compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from random import Random
from typing import Any

import torch

from torchlint.torch_api.dims import UNKNOWN, Dim, Expression, substitute, symbol
from torchlint.torch_api.shapes.table import FUNCTIONS, LAYERS, ShapeError, TensorShape

DTYPES = {"bool": torch.bool, "integer": torch.int64, "floating": torch.float32, None: torch.float32}


@dataclass(frozen=True)
class Call:
    """A call of a function, or (with `arguments`, those of the constructor) of a layer made for it."""

    inputs: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A layer or function, and how a call of it is drawn.

    `device` is "meta" where the values of a real one would be in the way; elsewhere the meta device, which checks less
    (a grouped convolution's channels, a loss's target), would be no judge of errors. `training` is the mode of a layer; `make`
    builds it where the constructor's arguments are not the engine's. An answer that is `undecided` is one that torch
    gives or refuses as the backend goes. A `data_dependent` size (of what a mask selects) is not in the
    shapes, so that the engine may leave it open.
    """

    name: str
    draw: Callable[[Random], Call]
    device: str = "cpu"
    training: bool = True
    make: Callable[[Mapping[str, Any]], Any] | None = None
    undecided: Callable[[object], bool] = lambda said: False
    data_dependent: bool = False

    @property
    def is_layer(self) -> bool:
        return self.name in LAYERS


class Disagreement(AssertionError):
    """The engine says what torch does not."""


@dataclass(frozen=True)
class Refused:
    """Torch raised."""

    error: str


def is_empty(said: object) -> bool:
    """Whether an answer is a tensor without elements."""
    return isinstance(said, TensorShape) and 0 in (said.shape or ())


def check(case: Case, random: Random) -> bool:
    """Draw a call, and compare the engine with torch: as it is, with unknowns, and with nonsense.

    Returns whether torch took the call.
    """
    call = case.draw(random)
    truth = run(case, call)
    said = infer(case, call)
    if case.undecided(said):
        return False
    refused = isinstance(said, Refused), isinstance(truth, Refused)
    open_but_right = case.data_dependent and not any(refused) and consistent(said, truth, {})
    if said != truth and not all(refused) and not open_but_right:
        raise Disagreement(f"{case.name}{_show(call)}\n  engine: {said}\n  torch: {truth}")
    for _ in range(2):
        blurred, values = blur(call, random)
        claim = infer(case, blurred)
        if isinstance(claim, Refused):
            agreed = isinstance(truth, Refused)
        else:
            agreed = isinstance(truth, Refused) or consistent(claim, truth, values)
        if not agreed:
            raise Disagreement(
                f"{case.name}{_show(blurred)}\n  where {values}\n  engine: {claim}\n  torch: {truth}"
            )
    infer(case, spoil(call, random))
    return not isinstance(truth, Refused)


def run(case: Case, call: Call) -> object:
    """What torch answers."""
    with warnings.catch_warnings(), torch.device(case.device), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            inputs = materialize(call.inputs, case.device)
            keywords = {name: materialize(value, case.device) for name, value in call.keywords.items()}
            if case.is_layer:
                arguments = {name: materialize(value, case.device) for name, value in call.arguments.items()}
                layer = case.make(arguments) if case.make else resolve(case.name)(**arguments)
                return observed(layer.train(case.training)(*inputs, **keywords))
            function = resolve(case.name)
            return observed(
                function(*inputs, **keywords) if callable(function) else function.__get__(inputs[0])
            )
        except Exception as error:  # every refusal counts, whatever its class
            return Refused(f"{type(error).__name__}: {str(error)[:200]}")


def infer(case: Case, call: Call) -> object:
    """What the engine answers."""
    try:
        if case.is_layer:
            return LAYERS[case.name](call.arguments, call.inputs, call.keywords)
        return FUNCTIONS[case.name](call.inputs, call.keywords)
    except ShapeError as error:
        return Refused(f"{error.kind}: {error.reason}")
    except Exception as error:
        raise Disagreement(f"{case.name}{_show(call)}\n  engine broke: {error!r}") from error


def resolve(name: str) -> Any:
    """The object of a public qualified name."""
    parts = name.split(".")
    root = __import__(parts[0])
    if parts[0] != "torch":
        __import__(".".join(parts[:-1]))
    return reduce(getattr, parts[1:], root)


def materialize(value: object, device: str) -> Any:
    """Tensors in the place of their shapes."""
    if isinstance(value, TensorShape):
        assert value.shape is not None
        return torch.zeros(value.shape, dtype=DTYPES[value.kind], device=device)
    if isinstance(value, tuple | list):
        return type(value)(materialize(item, device) for item in value)
    return value


def observed(value: object) -> object:
    """Shapes in the place of tensors."""
    if isinstance(value, torch.Tensor):
        return TensorShape(tuple(value.shape))
    if isinstance(value, tuple | list):
        return tuple(map(observed, value))
    return value


def blur(call: Call, random: Random) -> tuple[Call, dict[str, int]]:
    """The call with some dims and arguments unknown or named, and the values of the names."""
    values: dict[str, int] = {}
    rate = random.choice((0.15, 0.5, 0.9))

    def dim(size: int) -> Dim:
        if random.random() > rate:
            return size
        kind = random.randrange(5)
        if kind == 0 or size < 1:
            return None
        if kind == 1 and size % 2 == 0 and size:
            return 2 * symbol(_name(f"half{size}_", size // 2))
        if kind == 2 and size > 1:
            return symbol(_name(f"less{size}_", size - 1)) + 1
        if kind == 3:
            return symbol(_name(f"n{len(values)}_", size))
        return symbol(_name(f"s{size}_", size))

    def _name(name: str, value: int) -> str:
        values[name] = value
        return name

    def blurred(value: Any) -> Any:
        if isinstance(value, TensorShape):
            if random.random() < rate / 8:
                return random.choice((TensorShape(None), UNKNOWN))
            kind = None if random.random() < rate / 8 else value.kind
            return TensorShape(tuple(map(dim, value.shape or ())), kind)
        if isinstance(value, slice):
            return slice(blurred(value.start), blurred(value.stop), blurred(value.step))
        if isinstance(value, tuple | list):
            return UNKNOWN if random.random() < rate / 8 else type(value)(map(blurred, value))
        if value is not None and random.random() < rate / 4:
            return UNKNOWN
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and value > 0
            and random.random() < rate / 2
        ):
            named = dim(value)
            return UNKNOWN if named is None else named
        return value

    return _mapped(call, blurred), values


def spoil(call: Call, random: Random) -> Call:
    """The call with nonsense in it, which the engine must survive."""
    nonsense = (
        "x",
        1.5,
        UNKNOWN,
        None,
        True,
        -3,
        10**6,
        (),
        (None, 2),
        [UNKNOWN],
        TensorShape(None),
        TensorShape(()),
    )

    def spoiled(value: Any) -> Any:
        if random.random() < 0.2:
            return random.choice(nonsense)
        if isinstance(value, slice):
            return slice(spoiled(value.start), spoiled(value.stop), spoiled(value.step))
        if isinstance(value, tuple | list):
            return type(value)(map(spoiled, value))
        return value

    return _mapped(call, spoiled)


def consistent(claim: object, truth: object, values: Mapping[str, int]) -> bool:
    """Whether what the engine claims becomes what torch gave, once the unknowns are known."""
    if claim is UNKNOWN:
        return True
    if isinstance(claim, TensorShape):
        if not isinstance(truth, TensorShape) or truth.shape is None:
            return False
        if claim.shape is None:
            return True
        return len(claim.shape) == len(truth.shape) and all(
            same is None or substitute(same, values) == actual
            for same, actual in zip(claim.shape, truth.shape, strict=True)
        )
    if isinstance(claim, tuple):
        return (
            isinstance(truth, tuple)
            and len(claim) == len(truth)
            and all(consistent(a, b, values) for a, b in zip(claim, truth, strict=True))
        )
    return (substitute(claim, values) if isinstance(claim, Expression) else claim) == truth


def _mapped(call: Call, change: Callable[[Any], Any]) -> Call:
    return Call(
        tuple(map(change, call.inputs)),
        {name: change(value) for name, value in call.keywords.items()},
        {name: change(value) for name, value in call.arguments.items()},
    )


def _show(call: Call) -> str:
    made = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
    given = ", ".join(
        (*map(repr, call.inputs), *(f"{name}={value!r}" for name, value in call.keywords.items()))
    )
    return f"({made})({given})" if call.arguments else f"({given})"
