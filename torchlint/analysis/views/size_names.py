"""The names of sizes as a person reads them: `N` for `N1`, where there is only one N about."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

_SYMBOL = re.compile(r"\b([A-Z]+)(\d+)\b")


def plain_names(texts: Iterable[str]) -> Callable[[str], str]:
    """What takes the numbers off the symbols of these texts, as long as no two then have one name."""
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for text in texts:
        for stem, number in _SYMBOL.findall(text):
            numbers[stem].add(number)
    return lambda text: _SYMBOL.sub(lambda found: found[1] if len(numbers[found[1]]) == 1 else found[0], text)
