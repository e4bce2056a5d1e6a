"""The settings in force: what the options of a run say, laid over the settings of a configuration file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torchlint.lint.selection import UnknownRule
from torchlint.project import config
from torchlint.project.declared import declared_torch
from torchlint.project.files import Rooted

_SELECTORS = ("select", "extend_select", "ignore", "extend_ignore", "fixable", "unfixable")
_PATTERNS = ("exclude", "extend_exclude")
_PLAIN = ("unsafe_fixes", "output_format", "force_exclude", "respect_gitignore", "jobs")


def named_files(options: Mapping[str, Any]) -> list[str]:
    """The files among what `--config` names; the rest are lines of TOML."""
    return [each for each in options.get("config") or () if "=" not in each or os.path.exists(each)]


def laid_over(settings: config.Settings, options: Mapping[str, Any]) -> config.Settings:
    """The settings with what a run's options say. Raises BadConfiguration, and UnknownRule for `a.py:` without rules."""
    files = named_files(options)
    for each in options.get("config") or ():
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
            values[name] = tuple(map(_from_here, _parts(given)))
    # An option replaces what the file says under the same name, save for those that extend.
    for name in config.EXTENDING:
        if name in values:
            values[name] = (*getattr(settings, name), *values[name])
    for name in _PLAIN:
        if options.get(name) is not None:
            values[name] = options[name]
    if given := options.get("target_torch"):
        values["target_torch"] = config.checked("target-torch", given, "--target-torch")
    if given := options.get("per_file_ignores"):
        values["per_file_ignores"] = {_from_here(pattern): rules for pattern, rules in _ignores(given)}
    return values


def _parts(given: Iterable[str]) -> Iterator[str]:
    return (part.strip() for each in given for part in each.split(",") if part.strip())


def _ignores(given: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for each in given:
        pattern, _, rules = each.rpartition(":")
        if not pattern or not rules.strip():
            raise UnknownRule(f"--per-file-ignores: `{each}` must be a pattern and rules, as `tests/*:TL4,TL501`")
        yield pattern, tuple(_parts([rules]))


def _from_here(pattern: str) -> Rooted:
    return Rooted(pattern.removeprefix("./"), os.getcwd())
