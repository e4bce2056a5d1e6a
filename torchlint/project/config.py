"""The configuration: `[tool.torchlint]` in pyproject.toml, or torchlint.toml; what is allowed, and what is in force."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from torchlint.project.files import DEFAULT_EXCLUDES

# What `output-format` may be; `torchlint.report.formats` finds the writer of each.
FORMATS = (
    "text", "full", "concise", "grouped", "json", "json-lines",
    "sarif", "github", "gitlab", "junit", "rdjson", "azure", "pylint",
)  # fmt: skip

NAMES = ("torchlint.toml", ".torchlint.toml", "pyproject.toml")


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


def _option(kind: str, doc: str, default: Any = ()) -> Any:
    return field(default=default, metadata={"kind": kind, "doc": doc})


@dataclass(frozen=True)
class Settings:
    """Every option, by its name in TOML with `_` for `-`. `base` is the folder that patterns start from.

    `origin` is the file that was read, and `places` says of each option that was set, where.
    """

    select: tuple[str, ...] | None = _option(
        "strings", "The rules to run instead of the default ones: codes, prefixes of codes, names, or ALL.", None
    )
    extend_select: tuple[str, ...] = _option("strings", "Rules to run besides.")
    ignore: tuple[str, ...] = _option("strings", "Rules not to run; the more exact selector wins.")
    extend_ignore: tuple[str, ...] = _option("strings", "Further rules not to run.")
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata={"kind": "table", "doc": "Rules not to report, by pattern of the files' paths."},
    )
    exclude: tuple[str, ...] = _option(
        "strings", "What is left out of folders, as in .gitignore; this replaces the default list.", DEFAULT_EXCLUDES
    )
    extend_exclude: tuple[str, ...] = _option("strings", "What is left out besides.")
    force_exclude: bool = _option("boolean", "Leave out what is excluded even where it is named outright.", False)
    respect_gitignore: bool = _option("boolean", "Leave out what .gitignore files leave out.", True)
    fixable: tuple[str, ...] = _option("strings", "Rules whose fixes may be applied.", ("ALL",))
    unfixable: tuple[str, ...] = _option("strings", "Rules whose fixes may not be applied.")
    unsafe_fixes: bool = _option("boolean", "Apply unsafe fixes too, with --fix.", False)
    target_torch: str | None = _option("version", 'The oldest torch that the project supports, as "2.3"; by default what its requirements say.', None)
    src: tuple[str, ...] = _option("strings", "Folders that imports are looked up in, besides the root and its src.")
    output_format: str = _option("format", "The report's format.", "text")
    jobs: int = _option("count", "How many worker processes; 0 takes what the machine has.", 0)
    base: str = ""
    origin: str | None = None
    places: Mapping[str, str] = field(default_factory=dict, compare=False)

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


def find(start: str) -> str | None:
    """The nearest configuration file in a folder or above it; a pyproject.toml counts if it has our table."""
    folder = os.path.abspath(start)
    while True:
        for name in NAMES:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and (name != "pyproject.toml" or _mentions_us(path)):
                return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def load(path: str) -> Settings:
    """The settings of a file. Raises BadConfiguration for what is wrong in it, with the place."""
    shown = os.path.relpath(path) if not os.path.relpath(path).startswith("..") else path
    try:
        with open(path, "rb") as file:
            text = file.read().decode()
        table = tomllib.loads(text)
    except OSError as error:
        raise BadConfiguration(shown, 1, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadConfiguration(shown, 1, "is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        last = len(text.splitlines())
        raise BadConfiguration(shown, int(found[1]) if found else last, f"is no TOML: {error}") from None
    above = ""
    if os.path.basename(path) == "pyproject.toml":
        above = "tool.torchlint."
        tools = table.get("tool", {})
        table = tools.get("torchlint", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise BadConfiguration(shown, 1, "`tool.torchlint` must be a table")
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for key, value in table.items():
        row = _row(text, above + key)
        try:
            values |= _checked(key, value)
        except ValueError as problem:
            raise BadConfiguration(shown, row, str(problem)) from None
        places[key.replace("-", "_")] = f"{shown}:{row}"
    base = os.path.dirname(os.path.abspath(path))
    return replace(Settings(), **values, base=base, origin=shown, places=places)


def overlaid(settings: Settings, text: str) -> Settings:
    """The settings with those of a line of TOML, as `jobs = 2`, laid over them. Raises BadConfiguration."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise BadConfiguration("--config", 1, f"`{text}` is neither a file nor a `key = value` of TOML") from None
    values = {key.replace("-", "_"): checked(key, value, "--config") for key, value in table.items()}
    return set_by("--config", settings, values)


def set_by(origin: str, settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with `values` in place of their own, which `origin` set."""
    return replace(settings, **values, places={**settings.places, **dict.fromkeys(values, origin)})


def checked(key: str, value: Any, origin: str) -> Any:
    """The value of an option as the settings keep it. Raises BadConfiguration for a wrong one, set by `origin`."""
    try:
        return _checked(key, value)[_known(key)]
    except ValueError as problem:
        raise BadConfiguration(origin, 1, str(problem)) from None


def _checked(key: str, value: Any) -> dict[str, Any]:
    return {_known(key): _CHECKS[OPTIONS[key].metadata["kind"]](key, value)}


def settings_for(folder: str) -> Settings:
    """The settings in force for a folder: those of the nearest file, or the default ones."""
    path = find(folder)
    return load(path) if path else Settings(base=os.path.abspath(folder))


def schema() -> dict[str, Any]:
    """The JSON schema of the table, for editors."""
    from torchlint import __version__

    strings = {"type": "array", "items": {"type": "string"}}
    kinds: dict[str, dict[str, Any]] = {
        "strings": strings,
        "table": {"type": "object", "additionalProperties": strings},
        "boolean": {"type": "boolean"},
        "version": {"type": "string", "pattern": r"^\d+(\.\d+){0,2}$"},
        "format": {"enum": list(FORMATS)},
        "count": {"type": "integer", "minimum": 0},
    }
    properties = {}
    for name, option in OPTIONS.items():
        default = option.default if isinstance(option.default, str | int | tuple) else None
        entry = {"description": option.metadata["doc"], **kinds[option.metadata["kind"]]}
        properties[name] = entry if default is None else {**entry, "default": default}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"torchlint {__version__}; written by `torchlint config --schema`",
        "title": "torchlint",
        "description": "The table [tool.torchlint] of pyproject.toml, and the file torchlint.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _mentions_us(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return re.search(rb"^\s*\[\s*tool\s*\.\s*[\"']?torchlint|torchlint\s*[.=]", file.read(), re.M) is not None
    except OSError:
        return False


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


def _count(key: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"`{key}` must be a number from 0 on")


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "strings": _strings,
    "table": _table,
    "boolean": _boolean,
    "version": _version,
    "format": _format,
    "count": _count,
}


_HEADER = re.compile(r"\s*\[+([^\]]+)\]+\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w.\- ]|"[^"]*"|'[^']*')+?)\s*=""")


def _row(text: str, wanted: str) -> int:
    """The row of a text of TOML that sets the key of this dotted path; 1 where none is found."""
    header = ""
    key = wanted.rpartition(".")[2]
    for row, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            header = path = _plain(found[1])
        elif found := _KEY.match(line):
            path = _plain(f"{header}.{found[1]}").lstrip(".")
            if wanted.startswith(path + ".") and re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", line):
                return row
        else:
            continue
        if path == wanted or path.startswith(wanted + "."):
            return row
    return 1


def _plain(path: str) -> str:
    return re.sub(r"[\s\"']", "", path)
