"""Functions of Python on numbers that are known: what they give is known too.

Source: https://docs.python.org/3/library/math.html and https://docs.python.org/3/library/functions.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torchlint.analysis.values.abstract import Const, Size, Value

_FOLDED: dict[str, Callable[..., Any]] = {
    "builtins.abs": abs,
    "builtins.round": round,
    "math.ceil": math.ceil,
    "math.exp": math.exp,
    "math.floor": math.floor,
    "math.gcd": math.gcd,
    "math.isqrt": math.isqrt,
    "math.log": math.log,
    "math.log10": math.log10,
    "math.log2": math.log2,
    "math.sqrt": math.sqrt,
    "math.trunc": math.trunc,
}
_WHOLE = frozenset({"builtins.round", "math.ceil", "math.floor", "math.trunc"})


def folded(name: str, positional: Sequence[Value], keywords: Mapping[str, Value]) -> Value | None:
    """What a function of that qualified name gives for these arguments; None where it is not known here."""
    function = _FOLDED.get(name)
    if function is None or keywords:
        return None
    if name in _WHOLE and len(positional) == 1 and isinstance(positional[0], Size):
        return positional[0]
    numbers = [each.value for each in positional if isinstance(each, Const) and isinstance(each.value, int | float)]
    if len(numbers) < len(positional):
        return None
    try:
        return Const(function(*numbers))
    except (TypeError, ValueError, OverflowError):
        return None
