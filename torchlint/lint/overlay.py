"""The settings in force: those of the configuration file, with what the options of a run say laid over them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torchlint.lint.selection import UnknownRule
from torchlint.project import config
from torchlint.project.declared import declared_torch

_SELECTORS = ("select", "extend_select", "ignore", "extend_ignore", "fixable", "unfixable")
_PATTERNS = ("exclude", "extend_exclude")
_EXTENDING = ("extend_select", "extend_ignore", "extend_exclude")
_PLAIN = ("unsafe_fixes", "output_format", "force_exclude", "respect_gitignore", "jobs")


def settings_in_force(start: str, options: Mapping[str, Any]) -> config.Settings:
    """The settings for the folder `start`. Raises BadConfiguration, and UnknownRule for `a.py:` without rules."""
    named = options.get("config") or ()
    files = [each for each in named if "=" not in each or os.path.exists(each)]
    if files:
        settings = config.load(os.path.abspath(files[-1]))
    elif options.get("isolated"):
        settings = config.Settings(base=start)
    else:
        settings = config.settings_for(start)
    for each in named:
        if each not in files:
            settings = config.overlaid(settings, each)
    return config.set_by("the command line", settings, _values(settings, options))


def with_declared_torch(settings: config.Settings, start: str) -> config.Settings:
    """Where nothing says which torch is supported, what the project requires does."""
    declared = declared_torch(start) if settings.target_torch is None else None
    return settings if declared is None else config.set_by(declared.place, settings, {"target_torch": declared.version})


def _values(settings: config.Settings, options: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in _SELECTORS:
        if given := options.get(name):
            values[name] = tuple(_parts(given))
            if not values[name]:
                raise UnknownRule(f"--{config.key_of(name)} names no rule")
    for name in _PATTERNS:
        if given := options.get(name):
            values[name] = tuple(_from_here(each, settings.base) for each in _parts(given))
    # An option replaces what the file says under the same name, save for those that extend.
    for name in _EXTENDING:
        if name in values:
            values[name] = (*getattr(settings, name), *values[name])
    for name in _PLAIN:
        if options.get(name) is not None:
            values[name] = options[name]
    if given := options.get("target_torch"):
        values["target_torch"] = config.checked("target-torch", given, "--target-torch")
    if given := options.get("per_file_ignores"):
        values["per_file_ignores"] = {
            _from_here(pattern, settings.base): rules for pattern, rules in _ignores(given)
        }
    return values


def _parts(given: Iterable[str]) -> Iterator[str]:
    return (part.strip() for each in given for part in each.split(",") if part.strip())


def _ignores(given: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for each in given:
        pattern, _, rules = each.rpartition(":")
        if not pattern or not rules.strip():
            raise UnknownRule(f"--per-file-ignores: `{each}` must be a pattern and rules, as `tests/*:TL4,TL501`")
        yield pattern, tuple(_parts([rules]))


def _from_here(pattern: str, base: str) -> str:
    """A pattern of the command line, which starts from the current folder, as one that starts from `base`."""
    plain = pattern.removeprefix("./")
    if "/" not in plain.rstrip("/"):
        return plain
    below = os.path.relpath(os.getcwd(), base).replace(os.sep, "/")
    return plain if below == "." or below.startswith("..") else f"/{below}/{plain.lstrip('/')}"
