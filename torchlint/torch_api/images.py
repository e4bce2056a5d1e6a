"""The range of an image's values, and what arithmetic and casts make of it.

"255" stands for 0 to 255, "1" for 0 to 1, "tiny" for 0 to 1/255, "normalized" for what `Normalize` gives, and "cut" for bytes
that were made of values from 0 to 1, nearly all of them 0. None where the range is not known.
"""

from __future__ import annotations

from torchlint.torch_api.dtypes import is_integer

_DIVIDED = {"255": "1", "1": "tiny"}
_MULTIPLIED = {"1": "255", "tiny": "1"}
_DIVISIONS = frozenset({"div", "divide", "true_divide"})
_PRODUCTS = frozenset({"mul", "multiply"})
# Brighter or darker by less than this factor, bytes are still far from 0 to 1.
_MODERATE = 4.0


def divides_by_range(operation: str, number: object) -> bool:
    """Whether an operation with a number turns 0 to 255 into 0 to 1."""
    if isinstance(number, bool) or not isinstance(number, int | float) or not number:
        return False
    divisor = number if operation in _DIVISIONS else 1 / number if operation in _PRODUCTS else 0
    return 254 < divisor <= 256


def scale_after(operation: str, scale: str | None, number: object) -> str | None:
    """The range after arithmetic with a number (None: with something else)."""
    if scale is None or isinstance(number, bool) or not isinstance(number, int | float) or not number:
        return None
    if divides_by_range(operation, number):
        return _DIVIDED.get(scale)
    if operation in _PRODUCTS and 254 < number <= 256:
        return _MULTIPLIED.get(scale)
    factor = number if operation in _PRODUCTS else 1 / number if operation in _DIVISIONS else 0
    return scale if scale == "255" and 1 / _MODERATE < factor < _MODERATE else None


def scale_as(dtype: str | None, scale: str | None) -> str | None:
    """The range after a conversion to a dtype."""
    if dtype is None or not is_integer(dtype):
        return scale if dtype is not None or scale != "1" else None
    return {"255": "255", "1": "cut", "cut": "cut"}.get(scale or "")
