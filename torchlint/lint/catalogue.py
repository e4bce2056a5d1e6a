"""The rules' identities, known without importing the rules where the cache remembers them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from torchlint.diagnostic import Severity
from torchlint.lint.cache import Cache, fingerprint
from torchlint.lint.plugins import plugin_fingerprint


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule as it is listed and chosen."""

    code: str
    name: str
    severity: Severity
    default: bool


def catalogue(known: Cache | None = None, plugins: bool = True) -> tuple[Entry, ...]:
    """Every rule that is a check on programs, by code, each once. Raises BadPlugin."""
    key = f"rules {fingerprint()} {plugin_fingerprint() if plugins else ''}"
    if known is not None and (value := known.get([key]).get(key)):
        return tuple(Entry(*each) for each in json.loads(value))
    from torchlint.lint.plugins import rules_in_force

    rules = rules_in_force(plugins)
    entries = tuple({each.code: Entry(each.code, each.name, each.severity, each.default) for each in rules}.values())
    if known is not None:
        known.put({key: json.dumps([[each.code, each.name, each.severity, each.default] for each in entries])})
    return entries
