"""torch's dtypes: names, kinds, and what comes of mixing them.

Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch-dtype
"""

from __future__ import annotations

_ALIASES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "float_": "float64",
    "int_": "int64",
    "bool_": "bool",
}
FLOATING = ("float16", "bfloat16", "float32", "float64")
INTEGER = ("bool", "uint8", "int8", "int16", "int32", "int64")
_KNOWN = frozenset(FLOATING + INTEGER + ("complex64", "complex128"))

# Methods of tensors that only change the dtype.
CASTS = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "byte": "uint8",
    "char": "int8",
    "bool": "bool",
}
LEGACY_TENSORS = {
    "Tensor": "float32",
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16",
    "LongTensor": "int64",
    "IntTensor": "int32",
    "ShortTensor": "int16",
    "ByteTensor": "uint8",
    "CharTensor": "int8",
    "BoolTensor": "bool",
}


def dtype_of(name: str) -> str | None:
    """The dtype of a qualified name: "torch.long" is "int64", "numpy.float_" is "float64"."""
    package, _, last = name.rpartition(".")
    if package == "builtins":
        return {"float": "float64", "int": "int64", "bool": "bool"}.get(last)
    if package not in ("torch", "numpy"):
        return None
    last = (
        _ALIASES.get(last, last)
        if package == "torch"
        else {"float_": "float64", "double": "float64", "single": "float32"}.get(last, last)
    )
    return last if last in _KNOWN else None


def is_floating(dtype: str | None) -> bool | None:
    return None if dtype is None else dtype in FLOATING


def is_integer(dtype: str | None) -> bool | None:
    """Whether a dtype is an integer one or bool."""
    return None if dtype is None else dtype in INTEGER


def promote(left: str | None, right: str | None) -> str | None:
    """The dtype of an operation on two tensors with dims; None where either is unknown."""
    if left == right:
        return left
    if left is None or right is None:
        return None
    if left in INTEGER and right in INTEGER:
        return _promote_integers(left, right)
    if left in FLOATING and right in FLOATING:
        if {left, right} == {"float16", "bfloat16"}:
            return "float32"
        return max(left, right, key=FLOATING.index)
    if left in FLOATING and right in INTEGER:
        return left
    if right in FLOATING and left in INTEGER:
        return right
    return None


def _promote_integers(left: str, right: str) -> str:
    if "uint8" in (left, right) and "int8" in (left, right):
        return "int16"
    return max(left, right, key=INTEGER.index)
