"""The options: what each may be, by its name in `[tool.torchlint]` or torchlint.toml, and settings made of them."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from typing import Any

from torchlint.project.files import DEFAULT_EXCLUDES, Rooted, Rules, rules_of

# What `output-format` may be; `torchlint.report.formats` finds the writer of each.
FORMATS = (
    "text", "full", "concise", "grouped", "json", "json-lines",
    "sarif", "github", "gitlab", "junit", "rdjson", "azure", "pylint",
)  # fmt: skip


class BadConfiguration(Exception):
    """A configuration that cannot be used: the file or option, the row (from 1), and what is wrong."""

    def __init__(self, path: str, row: int, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.row = row
        self.message = message

    def __str__(self) -> str:
        place = self.path if self.path.startswith("--") else f"{self.path}:{self.row}:1"
        return f"{place}: TL903 invalid-configuration {self.message}"


def _option(kind: str, doc: str, default: Any = (), of_run: bool = False) -> Any:
    return field(default=default, metadata={"kind": kind, "doc": doc, "of_run": of_run})


_of_run = partial(_option, of_run=True)


@dataclass(frozen=True)
class Settings:
    """Every option, by its name in TOML with `_` for `-`.

    Most options are those of the files below the configuration; some are those of a run as a whole. `base` is the
    folder that the default patterns start from, `origin` the file that was read, `extended` the settings that it builds
    on, and `places` says of each option that was set, where. `problem` is what is wrong with a file, for which
    the default settings stand in.
    """

    extend: str | None = _option(
        "file", "Another configuration file, seen from this one's folder, whose options hold where this one sets none.", None
    )
    select: tuple[str, ...] | None = _option(
        "strings", "The rules to run instead of the default ones: codes, prefixes of codes, names, or ALL.", None
    )
    extend_select: tuple[str, ...] = _option("strings", "Rules to run besides.")
    ignore: tuple[str, ...] = _option("strings", "Rules not to run; the more exact selector wins.")
    extend_ignore: tuple[str, ...] = _option("strings", "Further rules not to run.")
    per_file_ignores: Mapping[Rooted, tuple[str, ...]] = field(
        default_factory=dict,
        metadata={"kind": "table", "doc": "Rules not to report, by pattern of the files' paths.", "of_run": False},
    )
    exclude: tuple[Rooted, ...] = _option(
        "patterns",
        "What is left out of folders, as in .gitignore; this replaces the default list.",
        tuple(Rooted(text, "") for text in DEFAULT_EXCLUDES),
    )
    extend_exclude: tuple[Rooted, ...] = _option("patterns", "What is left out besides.")
    fixable: tuple[str, ...] = _option("strings", "Rules whose fixes may be applied.", ("ALL",))
    unfixable: tuple[str, ...] = _option("strings", "Rules whose fixes may not be applied.")
    target_torch: str | None = _option("version", 'The oldest torch that the project supports, as "2.3"; by default what its requirements say.', None)
    src: tuple[Rooted, ...] = _option("patterns", "Folders that imports are looked up in, besides the root and its src.")
    force_exclude: bool = _of_run("boolean", "Leave out what is excluded even where it is named outright.", False)
    respect_gitignore: bool = _of_run("boolean", "Leave out what .gitignore files leave out.", True)
    unsafe_fixes: bool = _of_run("boolean", "Apply unsafe fixes too, with --fix.", False)
    output_format: str = _of_run("format", "The report's format.", "text")
    jobs: int = _of_run("count", "How many worker processes; 0 takes what the machine has.", 0)
    base: str = ""
    origin: str | None = None
    extended: Settings | None = field(default=None, compare=False)
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    problem: BadConfiguration | None = field(default=None, compare=False)

    @cached_property
    def excludes(self) -> Rules:
        """What is left out of the folders below, as rules."""
        return rules_of(Rooted(each.text, each.base or self.base) for each in (*self.exclude, *self.extend_exclude))

    @property
    def origins(self) -> tuple[str, ...]:
        """The file that was read, that which it extends, and so on."""
        own = () if self.origin is None else (self.origin,)
        return own if self.extended is None else (*own, *self.extended.origins)

    @property
    def version_of_torch(self) -> tuple[int, ...] | None:
        return None if self.target_torch is None else version(self.target_torch)


def version(text: str) -> tuple[int, ...]:
    """A version that can be compared: (2, 3) for "2.3"."""
    return tuple(map(int, text.split(".")))


OPTIONS = {each.name.replace("_", "-"): each for each in fields(Settings) if "kind" in each.metadata}


def key_of(name: str) -> str:
    """An option's name as it is written in TOML."""
    return name.replace("_", "-")


# These add to what is said elsewhere under the same name; the others replace it.
EXTENDING = ("extend_select", "extend_ignore", "extend_exclude")


def overlaid(settings: Settings, text: str) -> Settings:
    """The settings with those of a line of TOML, as `jobs = 2`, laid over them. Raises BadConfiguration."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise BadConfiguration("--config", 1, f"`{text}` is neither a file nor a `key = value` of TOML") from None
    if "extend" in table:
        raise BadConfiguration("--config", 1, "`extend` can be set in a file only; `--config FILE` names one")
    values = {key.replace("-", "_"): checked(key, value, "--config") for key, value in table.items()}
    return set_by("--config", settings, values)


def set_by(origin: str, settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with `values` in place of their own, which `origin` set."""
    return replace(settings, **values, places={**settings.places, **dict.fromkeys(values, (origin,))})


def checked(key: str, value: Any, origin: str) -> Any:
    """The value of an option as the settings keep it; its patterns start from the current folder.

    Raises BadConfiguration for a wrong one, set by `origin`.
    """
    try:
        return taken(key, value, os.getcwd())[_known(key)]
    except ValueError as problem:
        raise BadConfiguration(origin, 1, str(problem)) from None


def taken(key: str, value: Any, base: str) -> dict[str, Any]:
    """An option's value by its name, its patterns starting from `base`. Raises ValueError."""
    name = _known(key)
    kind = OPTIONS[key].metadata["kind"]
    made = _CHECKS[kind](key, value)
    if kind == "patterns":
        made = tuple(Rooted(text, base) for text in made)
    elif kind == "table":
        made = {Rooted(pattern, base): codes for pattern, codes in made.items()}
    return {name: made}


def schema() -> dict[str, Any]:
    """The JSON schema of the table, for editors."""
    from torchlint import __version__

    strings = {"type": "array", "items": {"type": "string"}}
    kinds: dict[str, dict[str, Any]] = {
        "strings": strings,
        "patterns": strings,
        "file": {"type": "string"},
        "table": {"type": "object", "additionalProperties": strings},
        "boolean": {"type": "boolean"},
        "version": {"type": "string", "pattern": r"^\d+(\.\d+){0,2}$"},
        "format": {"enum": list(FORMATS)},
        "count": {"type": "integer", "minimum": 0},
    }
    properties = {}
    for name, option in OPTIONS.items():
        default = getattr(Settings(), option.name)
        if isinstance(default, tuple):
            default = tuple(each.text if isinstance(each, Rooted) else each for each in default)
        doc = option.metadata["doc"] + (" (Of the run as a whole.)" if option.metadata["of_run"] else "")
        entry = {"description": doc, **kinds[option.metadata["kind"]]}
        properties[name] = {**entry, "default": default} if isinstance(default, str | int | tuple) else entry
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"torchlint {__version__}; written by `torchlint config --schema`",
        "title": "torchlint",
        "description": "The table [tool.torchlint] of pyproject.toml, and the file torchlint.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _known(key: str) -> str:
    if key in OPTIONS:
        return key.replace("-", "_")
    from difflib import get_close_matches

    if key in ("tool", "lint"):
        raise ValueError(f"unknown key `{key}`; write torchlint's keys without a table `{key}` around them")
    near = get_close_matches(key.replace("_", "-").lower(), OPTIONS, 1, 0.5)
    raise ValueError(f"unknown key `{key}`" + (f"; did you mean `{near[0]}`?" if near else ""))


def _strings(key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise ValueError(f"`{key}` must be a list of strings")


def _table(key: str, value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError(f"`{key}` must be a table of lists")
    return {pattern: _strings(f"{key}.{pattern}", codes) for pattern, codes in value.items()}


def _boolean(key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"`{key}` must be true or false")


def _version(key: str, value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+){0,2}", value):
        return value
    raise ValueError(f'`{key}` must be a version in quotes, as "2.3"')


def _format(key: str, value: Any) -> str:
    if value in FORMATS:
        return str(value)
    from difflib import get_close_matches

    near = get_close_matches(str(value), FORMATS, 1, 0.5)
    raise ValueError(
        f"`{key}` cannot be `{value}`; " + (f"did you mean `{near[0]}`?" if near else f"it is one of {', '.join(FORMATS)}")
    )


def _file(key: str, value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"`{key}` must be the path of a configuration file")


def _count(key: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"`{key}` must be a number from 0 on")


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "strings": _strings,
    "patterns": _strings,
    "file": _file,
    "table": _table,
    "boolean": _boolean,
    "version": _version,
    "format": _format,
    "count": _count,
}
