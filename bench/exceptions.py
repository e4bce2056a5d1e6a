"""What kind of exception ended a run, by its class and message."""

from __future__ import annotations

import re

# In this order: the first that fits names the kind. Patterns are matched with "Class: first line of the message".
_KINDS = {
    "name not bound": r"(NameError|UnboundLocalError|ImportError|ModuleNotFoundError)",
    "attribute": r"AttributeError",
    "type or argument": r"TypeError|.*unexpected keyword|.*positional argument",
    "index": r"IndexError|RuntimeError: index .* out of|.*[Dd]imension out of range",
    "key": r"KeyError|.*state_dict",
    "gradient": r".*(require[s_ ]*grad|grad_fn|leaf|backward through|inplace operation|in-place|[Gg]rad can be|number of gradients|[Gg]rad )",
    "dtype": r".*(dtype|scalar type|not implemented for|data type|[Ii]nteger|Long|Float|Double|Half|Byte|Bool|floating|ComplexFloat|type mismatch)",
    "shape": r".*(shape|size|dimension|channel|[Dd]ims?\b|[0-9]-?D\b|elements?\b|match|numel|broadcast|stack expects|at least|unpack|batch|features|view)",
    "value": r"ValueError",
}


def kind_of(said: str) -> str:
    """The kind of an exception that a run ended with, told as `RuntimeError: mat1 and mat2 …`."""
    return next((kind for kind, pattern in _KINDS.items() if re.match(pattern, said)), "other")
