"""Rules of other packages, offered through the entry point group `torchlint.rules`.

An entry point names a module; its rules are made with `torchlint.rule.rule`, as torchlint's own.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from torchlint.rule import Rule, all_rules

GROUP = "torchlint.rules"


class BadPlugin(Exception):
    """An entry point that offers no usable rules: its name, its package, and why."""


@cache
def rules_in_force(plugins: bool = True) -> tuple[Rule, ...]:
    """torchlint's rules and, if wanted, those of the packages installed beside it. Raises BadPlugin."""
    rules = all_rules()
    if not plugins:
        return rules
    taken = {rule.code: "torchlint" for rule in rules} | {rule.name: "torchlint" for rule in rules}
    found: list[Rule] = []
    for point in _points():
        for rule in _rules_of(point):
            for identity in (rule.code, rule.name):
                if taken.setdefault(identity, point.name) != point.name:
                    raise BadPlugin(f"plugin `{point.name}`: `{identity}` is a rule of `{taken[identity]}` already")
            found.append(rule)
    return tuple(sorted((*rules, *found), key=lambda each: each.code)) if found else rules


@cache
def plugin_fingerprint() -> str:
    """What differs wherever the plugins do: their names, versions, and files."""
    return " ".join(f"{point.name}={point.value}@{_version(point)}@{_state(point)}" for point in _points())


def _points() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def _rules_of(point: EntryPoint) -> tuple[Rule, ...]:
    try:
        module = point.load()
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise BadPlugin(f"plugin `{point.name}` ({point.value}) cannot be imported: {text}") from error
    rules = getattr(module, "RULES", None)
    if not isinstance(rules, list | tuple) or not all(isinstance(rule, Rule) for rule in rules):
        raise BadPlugin(f"plugin `{point.name}` ({point.value}) offers no rules: its module has no list RULES")
    return tuple(rules)


def _version(point: EntryPoint) -> str:
    return point.dist.version if point.dist is not None else ""


def _state(point: EntryPoint) -> str:
    """The size and time of a plugin's file, for one that is being written."""
    from importlib.util import find_spec

    try:
        spec = find_spec(point.module)
        state = os.stat(spec.origin) if spec and spec.origin else None
    except (ImportError, ValueError, OSError):
        return ""
    return f"{state.st_size}-{state.st_mtime_ns}" if state else ""
