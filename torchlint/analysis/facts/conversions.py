"""What NumPy and matplotlib make an array of."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import List, Tuple, Value
from torchlint.analysis.values.inspection import element_of
from torchlint.analysis.values.site import Site

_CONVERSIONS = frozenset({"array", "asarray", "asanyarray", "ascontiguousarray", "stack", "concatenate", "vstack", "hstack"})
_DRAWN = frozenset({"plot", "scatter", "bar", "hist", "semilogy", "semilogx", "loglog", "imshow", "step", "fill_between"})
CONVERTING = frozenset({"numpy", *_CONVERSIONS, *_DRAWN})


def converted(call: Call) -> Iterator[tuple[Site, Value]]:
    """Each argument of a call of NumPy or matplotlib of which that makes an array; it may be a list of tensors."""
    if call.name.startswith("matplotlib.pyplot."):
        indices = range(len(call.positional))
    elif call.name in {f"numpy.{name}" for name in _CONVERSIONS}:
        indices = range(min(1, len(call.positional)))
    else:
        return
    for index in indices:
        value, site = call.positional[index], call.argument_site(index, *(() if index else ("object",)))
        if site is not None:
            yield site, value


def tensor_in(value: Value | None) -> Value | None:
    """A value, or what a list of such holds."""
    return element_of(value) if isinstance(value, List | Tuple) else value
