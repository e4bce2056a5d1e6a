"""Methods of strings that are known."""

from __future__ import annotations

from collections.abc import Sequence

from torchlint.analysis.values.abstract import UNKNOWN, Const, List, Value
from torchlint.analysis.values.store import ITEMS

# A text that a program makes beyond this is of no use to a rule.
_LONGEST = 4096


def string_method(text: str, name: str, positional: Sequence[Value]) -> Value:
    if name in ("lower", "upper", "strip", "startswith", "endswith", "replace", "split", "title") and all(isinstance(value, Const) for value in positional):
        try:
            result = getattr(text, name)(*(value.value for value in positional if isinstance(value, Const)))
        except (TypeError, ValueError):
            return UNKNOWN
        if isinstance(result, list):
            return List({ITEMS: tuple(map(Const, result))})
        return Const(result) if not isinstance(result, str) or len(result) <= _LONGEST else UNKNOWN
    return UNKNOWN
