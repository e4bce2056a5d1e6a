"""Rules and handlers of other packages, offered through the entry point groups `torchlint.rules` and `torchlint.handlers`.

An entry point names a module; its rules are made with `torchlint.rule.rule`, its handlers with
`torchlint.analysis.library.handlers.handles`, as torchlint's own.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from torchlint.rule import Rule, all_rules

RULES, HANDLERS = "torchlint.rules", "torchlint.handlers"
# The packages of which something is handled by packages installed beside torchlint.
HANDLED: set[str] = set()


class BadPlugin(Exception):
    """An entry point that offers nothing usable: its name, its package, and why."""


@cache
def rules_in_force(plugins: bool = True) -> tuple[Rule, ...]:
    """torchlint's rules and, if wanted, those of the packages installed beside it, whose handlers are in force from then on.

    Raises BadPlugin.
    """
    rules = all_rules()
    if not plugins:
        return rules
    load_handlers()
    taken = {rule.code: "torchlint" for rule in rules} | {rule.name: "torchlint" for rule in rules}
    found: list[Rule] = []
    for point in _points(RULES):
        for rule in _rules_of(point):
            for identity in (rule.code, rule.name):
                if taken.setdefault(identity, point.name) != point.name:
                    raise BadPlugin(f"plugin `{point.name}`: `{identity}` is a rule of `{taken[identity]}` already")
            found.append(rule)
    return tuple(sorted((*rules, *found), key=lambda each: each.code)) if found else rules


@cache
def plugin_fingerprint() -> str:
    """What differs wherever the plugins do: their names, versions, and files."""
    return " ".join(f"{point.name}={point.value}@{_version(point)}@{_state(point)}" for point in (*_points(RULES), *_points(HANDLERS)))


@cache
def load_handlers() -> None:
    """Put the handlers of the packages installed beside torchlint into its tables. Raises BadPlugin."""
    points = _points(HANDLERS)
    if not points:
        return
    from torchlint.analysis.library.packages import TABLES

    ours = {name for table in TABLES for name in table}
    for point in points:
        before = [dict(table) for table in TABLES]
        _load(point)
        for table, was in zip(TABLES, before, strict=True):
            for name in was:
                if table[name] is not was[name]:
                    raise BadPlugin(f"plugin `{point.name}`: `{name}` has a handler already")
    HANDLED.update(name.partition(".")[0] for table in TABLES for name in table if name not in ours)


def _points(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda point: (point.name, point.value))


def _load(point: EntryPoint) -> Any:
    """The module of an entry point. Raises BadPlugin."""
    try:
        return point.load()
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise BadPlugin(f"plugin `{point.name}` ({point.value}) cannot be imported: {text}") from error


def _rules_of(point: EntryPoint) -> tuple[Rule, ...]:
    module = _load(point)
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
