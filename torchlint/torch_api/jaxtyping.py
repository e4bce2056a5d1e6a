"""Shapes and dtypes that annotations say: jaxtyping's `Float[Tensor, "batch channels 32 32"]`.

Source: https://docs.kidger.site/jaxtyping/api/array/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torchlint.torch_api.dims import Dim, Shape

_EXACT = {
    "Bool": "bool", "UInt8": "uint8", "Int8": "int8", "Int16": "int16", "Int32": "int32", "Int64": "int64",
    "BFloat16": "bfloat16", "Float16": "float16", "Float32": "float32", "Float64": "float64",
    "Complex64": "complex64", "Complex128": "complex128",
}  # fmt: skip
_KINDS = frozenset({"Shaped", "Num", "Inexact", "Float", "Complex", "Integer", "UInt", "Int", "Real", *_EXACT})


@dataclass(frozen=True, slots=True)
class Annotated:
    """What an annotation says: `shape`, or `tail`, the last dims where leading ones are left open; `dtype` where it is exact."""

    shape: Shape
    tail: Shape
    dtype: str | None


def annotated(qualified: str, text: str, named: Callable[[str], Dim]) -> Annotated | None:
    """What `qualified[Tensor, "text"]` says; None where that is no annotation of jaxtyping's. `named` gives a name's dim."""
    package, _, kind = qualified.rpartition(".")
    if package != "jaxtyping" or kind not in _KINDS:
        return None
    words = text.split()
    opened = [index for index, word in enumerate(words) if word.lstrip("?#").startswith(("*", "..."))]
    dims = tuple(_dim(word, named) for word in words[opened[-1] + 1 if opened else 0 :])
    return Annotated(None if opened else dims, (dims or None) if opened else None, _EXACT.get(kind))


def _dim(word: str, named: Callable[[str], Dim]) -> Dim:
    """A size, a name, or None: `_`, a dim that may broadcast (`#c`), and what is computed (`n-1`)."""
    word = word.rpartition("=")[2]
    if word.isdigit():
        return int(word)
    return named(word) if word.isidentifier() and not word.startswith("_") else None
