"""Configuration files: which one counts for a folder, what it says, and what it builds on."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torchlint.project.config import EXTENDING, BadConfiguration, Settings, taken

NAMES = ("torchlint.toml", ".torchlint.toml", "pyproject.toml")


def find(start: str) -> str | None:
    """The nearest configuration file in a folder or above it."""
    folder = os.path.abspath(start)
    while (found := file_in(folder)) is None and (parent := os.path.dirname(folder)) != folder:
        folder = parent
    return found


def file_in(folder: str) -> str | None:
    """A folder's own configuration file; a pyproject.toml counts if it has our table."""
    paths = (os.path.join(folder, name) for name in NAMES)
    return next((path for path in paths if os.path.isfile(path) and (not path.endswith(NAMES[-1]) or _mentions_us(path))), None)


def shown(path: str) -> str:
    """A configuration file's path as a person is shown it."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def load(path: str, below: Mapping[str, int] | None = None) -> Settings:
    """The settings of a file, and of those that it extends. Raises BadConfiguration for what is wrong, with the place.

    `below` are the files that led to this one, each with its row that extends the next.
    """
    text, table, above = _table_in(path)
    base = os.path.dirname(os.path.abspath(path))
    values: dict[str, Any] = {}
    rows: dict[str, int] = {}
    for key, value in table.items():
        row = _row(text, above + key)
        try:
            values |= taken(key, value, base)
        except ValueError as problem:
            raise BadConfiguration(shown(path), row, str(problem)) from None
        rows[key.replace("-", "_")] = row
    settings = Settings()
    if "extend" in values:
        target = os.path.join(base, os.path.expanduser(values["extend"]))
        settings = _extended(target, {**(below or {}), os.path.realpath(path): rows["extend"]})
    places: dict[str, tuple[str, ...]] = {name: (f"{shown(path)}:{row}",) for name, row in rows.items()}
    for name in EXTENDING:
        if name in values:
            values[name] = (*getattr(settings, name), *values[name])
            places[name] = (*settings.places.get(name, ()), *places[name])
    return replace(
        settings,
        **{"extend": None, **values},
        base=base,
        origin=shown(path),
        extended=settings if "extend" in values else None,
        places={**{name: place for name, place in settings.places.items() if name != "extend"}, **places},
    )


def _extended(path: str, below: Mapping[str, int]) -> Settings:
    """The settings that the last of the files `below` builds on."""
    target = os.path.realpath(path)
    if target in below:
        circle = list(below)[list(below).index(target) :]
        # Whichever file led into it, one circle is one message.
        first = circle.index(min(circle))
        circle = [*circle[first:], *circle[: first + 1]]
        raise BadConfiguration(shown(circle[0]), below[circle[0]], f"`extend` leads in a circle: {' → '.join(map(shown, circle))}")
    if not os.path.isfile(target):
        last = list(below)[-1]
        raise BadConfiguration(shown(last), below[last], f"`extend`: there is no file {shown(os.path.normpath(path))}")
    return load(os.path.normpath(path), below)


def _table_in(path: str) -> tuple[str, dict[str, Any], str]:
    """A file's text, our table in it, and what stands before the table's keys. Raises BadConfiguration."""
    try:
        with open(path, "rb") as file:
            text = file.read().decode()
        table = tomllib.loads(text)
    except OSError as error:
        raise BadConfiguration(shown(path), 1, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadConfiguration(shown(path), 1, "is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        last = len(text.splitlines())
        raise BadConfiguration(shown(path), int(found[1]) if found else last, f"is no TOML: {error}") from None
    if os.path.basename(path) != "pyproject.toml":
        return text, table, ""
    tools = table.get("tool", {})
    table = tools.get("torchlint", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise BadConfiguration(shown(path), 1, "`tool.torchlint` must be a table")
    return text, table, "tool.torchlint."


def _mentions_us(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return re.search(rb"^\s*\[\s*tool\s*\.\s*[\"']?torchlint|torchlint\s*[.=]", file.read(), re.M) is not None
    except OSError:
        return False


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
