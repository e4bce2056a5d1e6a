"""What a table of layers and functions is made of: tensors' shapes, signatures, and how a call is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import Any, Literal, TypeAlias

from torchlint.torch_api.dims import UNKNOWN, Expression, Shape

Kind: TypeAlias = Literal["bool", "integer", "floating"]

_STORAGE = (
    "*, _out, _dtype, _device, _layout, _requires_grad, _pin_memory, _memory_format, _generator, _inplace"
)


@dataclass(frozen=True, slots=True)
class TensorShape:
    """A tensor, as far as shapes go; `kind` is that of its dtype, where it is known (a mask indexes otherwise)."""

    shape: Shape
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """A result that is no tensor, such as the sizes that `Tensor.size` gives."""

    value: object


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: the names it goes by, whether it is a tensor, matters to shapes, takes positions."""

    names: tuple[str, ...]
    reading: str
    matters: bool
    positional: bool
    rest: bool

    def read(self, value: object) -> object:
        """An argument as a shape function takes it."""
        if self.reading == "T":
            return _tensor(value)
        if self.reading == "Ts":
            return tuple(map(_tensor, value)) if isinstance(value, tuple | list) else None
        return value if self.reading == "R" else _plain(value)


class Signature:
    """Parameters written as in Python, parsed when first needed.

    `"input: T, dim|axis, *, keepdim, _out"`: `: T` marks a tensor, `: Ts` a sequence of them, `: R` a value that is taken
    as it is; `|` other names for the same, a leading `_` what has no say in the shape, `*size` a tuple that may be
    written as single arguments, `**axes` all other keywords and `**` such that have no say.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Signature({self.text!r})"

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, in order."""
        found = []
        positional = True
        for part in filter(None, map(str.strip, self.text.split(","))):
            if part == "*" or part.startswith("**"):
                positional = False
                continue
            names, _, annotation = part.partition(":")
            rest = names.startswith("*")
            names = names.removeprefix("*")
            found.append(
                Parameter(
                    names=tuple(names.removeprefix("_").split("|")),
                    reading=annotation.strip(),
                    matters=not names.startswith("_"),
                    positional=positional,
                    rest=rest,
                )
            )
            positional = positional and not rest
        return tuple(found)

    @cached_property
    def others(self) -> Parameter | None:
        """What takes all other keywords; of no name where they have no say."""
        _, stars, after = self.text.partition("**")
        return Parameter((after.partition(",")[0],), "", True, False, False) if stars else None

    def match(self, positional: Sequence[object], keywords: Mapping[str, object]) -> dict[str, object]:
        """The arguments as they are, by the parameters' first names.

        Raises TypeError where they do not fit the parameters.
        """
        return {parameter.names[0]: value for parameter, value in self._matched(positional, keywords)}

    def bind(self, positional: Sequence[object], keywords: Mapping[str, object]) -> dict[str, Any]:
        """The arguments that matter, ready for a shape function: tensors are shapes.

        Raises TypeError where they do not fit the parameters.
        """
        return {
            parameter.names[0]: parameter.read(value)
            for parameter, value in self._matched(positional, keywords)
            if parameter.matters and not (value is None and parameter.reading in ("T", "Ts"))
        }

    def _matched(
        self, positional: Sequence[object], keywords: Mapping[str, object]
    ) -> list[tuple[Parameter, object]]:
        matched: list[tuple[Parameter, object]] = []
        left = dict(keywords)
        position = 0
        for parameter in self.parameters:
            if position >= len(positional) and not left:
                break
            if parameter.rest and position < len(positional):
                rest = tuple(positional[position:])
                position = len(positional)
                whole = len(rest) == 1 and parameter.reading != "R" and _is_whole(rest[0])
                matched.append((parameter, rest[0] if whole else rest))
            elif parameter.positional and position < len(positional):
                matched.append((parameter, positional[position]))
                position += 1
            elif name := next((name for name in parameter.names if name in left), None):
                matched.append((parameter, left.pop(name)))
        if self.others is not None and self.others.names[0]:
            matched.append((self.others, left))
        if position < len(positional) or (left and self.others is None):
            raise TypeError(f"arguments that {self.text!r} does not take")
        return matched


@dataclass(frozen=True, slots=True)
class Layer:
    """A class of torch.nn: how it is constructed, how it is called, and the shape that comes out.

    `shape` takes the arguments of both, by name.
    """

    shape: Callable[..., object]
    constructor: Signature
    forward: Signature

    def __call__(
        self,
        arguments: Mapping[str, object],
        inputs: Sequence[object],
        keywords: Mapping[str, object] | None = None,
    ) -> object:
        """The result of calling a layer made with `arguments` on `inputs`; raises `ShapeError`."""
        try:
            bound = self.constructor.bind((), arguments) | self.forward.bind(inputs, keywords or {})
        except TypeError:
            return UNKNOWN
        return _called(self.shape, bound)


@dataclass(frozen=True, slots=True)
class Function:
    """A function or a tensor's method (then `input` is the tensor) and the shape that comes out."""

    shape: Callable[..., object]
    signature: Signature

    def __call__(self, arguments: Sequence[object], keywords: Mapping[str, object] | None = None) -> object:
        """The result of a call; raises `ShapeError`."""
        try:
            bound = self.signature.bind(arguments, keywords or {})
        except TypeError:
            return UNKNOWN
        return _called(self.shape, bound)


def layer(shape: Callable[..., object], constructor: str, forward: str = "input: T") -> Layer:
    """A layer from its two signatures; every layer may take `device` and `dtype`."""
    return Layer(shape, Signature(f"{constructor}, *, _device, _dtype"), Signature(forward))


def function(shape: Callable[..., object], parameters: str) -> Function:
    """A function from its signature; what only says where and how a result is stored is taken everywhere."""
    return Function(shape, Signature(f"{parameters}, {_STORAGE}" if "**" not in parameters else parameters))


def both(name: str, shape: Callable[..., object], parameters: str) -> dict[str, Function]:
    """A function of `torch` that is a method of tensors too, the tensor being its first argument."""
    entry = function(shape, parameters)
    return {f"torch.{name}": entry, f"torch.Tensor.{name}": entry}


def _called(shape: Callable[..., object], bound: Mapping[str, Any]) -> object:
    """The result, or UNKNOWN where the call lacks an argument that it needs."""
    try:
        return _wrapped(shape(**bound))
    except TypeError:
        try:
            signature(shape).bind(**bound)
        except TypeError:
            return UNKNOWN
        raise


def _is_whole(value: object) -> bool:
    """Whether a lone argument is the tuple itself, and not its only item."""
    return isinstance(value, tuple | list) or value is UNKNOWN


def _tensor(value: object) -> object:
    """A tensor's shape; a number is a tensor of rank 0, as broadcasting sees it."""
    if isinstance(value, TensorShape):
        return value.shape
    return () if isinstance(value, bool | int | float | complex | Expression) else None


def _plain(value: object) -> object:
    """An argument that is no tensor; a tensor in its place has a value that is not known."""
    if isinstance(value, TensorShape):
        return UNKNOWN
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return tuple(map(_plain, value)) if isinstance(value, tuple | list) else value


def _wrapped(result: object) -> object:
    """Shapes as tensors; a list stands for several results."""
    if isinstance(result, list):
        return tuple(map(_wrapped, result))
    if isinstance(result, Plain):
        return result.value
    assert result is None or isinstance(result, tuple)
    return TensorShape(result)
