"""The oldest torch that a project says that it supports, read from where Python projects declare what they need."""

from __future__ import annotations

import ast
import configparser
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_REQUIREMENT = re.compile(r"^\s*torch\s*(?:\[[^\]]*\]\s*)?(?P<bounds>[(<>=!~^\s\d][^;#]*)?(?:[;#].*)?$", re.I)
_BOUND = re.compile(r"[\s(]*(?P<sign>===?|~=|>=?|<=?|!=|\^)?\s*(?P<version>\d+(?:\.\d+){0,2})")
# Beyond this size a file is no list of requirements that anybody wrote.
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Declared:
    """A version of torch ("2.3"), and the file and row (from 1) that declare it."""

    version: str
    path: str
    row: int

    @property
    def place(self) -> str:
        return f"{self.path}:{self.row}"


def declared_torch(folder: str) -> Declared | None:
    """What the project around a folder declares; None where it sets no bound.

    The project is the nearest folder upward that declares requirements at all, or holds a repository.
    """
    here = Path(folder).absolute()
    for each in (here, *here.parents):
        sources = [(each / name, read) for name, read in _sources(each) if (each / name).is_file()]
        if sources or (each / ".git").exists():
            return next((found for path, read in sources if (found := _lowest_bound(path, read)) is not None), None)
    return None


def oldest(requirement: str) -> str | None:
    """The version that a requirement on torch bounds: from below, else from above the newest one that it allows.

    None for other requirements, and for those without a bound.

    >>> oldest("torch>=1.13,<2.4"), oldest("torch<2.6"), oldest("torch"), oldest("torchvision>=0.1")
    ('1.13', '2.5', None, None)
    """
    matched = _REQUIREMENT.match(requirement)
    if matched is None or not matched["bounds"]:
        return None
    bounds = [(found["sign"] or "^", found["version"]) for part in matched["bounds"].split(",") if (found := _BOUND.match(part))]
    below = [version for sign, version in bounds if sign in (">=", ">", "==", "===", "~=", "^")]
    above = [_before(version) if sign == "<" else version for sign, version in bounds if sign in ("<", "<=")]
    return max(below, key=_numbers) if below else min(above, key=_numbers) if above else None


def _before(version: str) -> str:
    """The newest release series below a version: 2.5 for 2.6, 2.6 for 2.6.1, 1 for 2.0."""
    numbers = list(_numbers(version))
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    if len(numbers) == 3:
        numbers.pop()
    else:
        numbers[-1] -= 1
    return ".".join(map(str, numbers))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


Read = Callable[[str], Iterator[str]]


def _sources(folder: Path) -> Iterator[tuple[str, Read]]:
    yield "pyproject.toml", _of_pyproject
    yield "setup.cfg", _of_setup_cfg
    yield "setup.py", _of_setup_py
    try:
        names = sorted(name for name in os.listdir(folder) if name.startswith("requirements") and name.endswith((".txt", ".in")))
    except OSError:
        return
    for name in names:
        yield name, lambda text: iter(text.splitlines())


def _lowest_bound(path: Path, read: Read) -> Declared | None:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    versions = [version for requirement in read(text) if (version := oldest(requirement)) is not None]
    if not versions:
        return None
    version = min(versions, key=_numbers)
    shown = os.path.relpath(path)
    return Declared(version, str(path) if shown.startswith("..") else shown, _row(text, version))


def _row(text: str, version: str) -> int:
    """The first row that names torch and the version, or else torch."""
    rows = [(number, row) for number, row in enumerate(text.splitlines(), 1) if re.search(r"\btorch\b", row)]
    return next((number for number, row in rows if version in row), rows[0][0] if rows else 1)


def _of_pyproject(text: str) -> Iterator[str]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    yield from _strings(_inside(table, "project", "dependencies"))
    for group in (_inside(table, "project", "optional-dependencies"), _inside(table, "dependency-groups")):
        for each in group.values() if isinstance(group, dict) else ():
            yield from _strings(each)
    poetry = _inside(table, "tool", "poetry", "dependencies", "torch")
    bound = poetry.get("version") if isinstance(poetry, dict) else poetry
    if isinstance(bound, str):
        yield f"torch {bound}"


def _of_setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    yield from parser.get("options", "install_requires", fallback="").splitlines()


def _of_setup_py(text: str) -> Iterator[str]:
    """The literal strings of `setup(install_requires=[…])`; the file is not run."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "install_requires" and isinstance(keyword.value, ast.List | ast.Tuple):
                    yield from (each.value for each in keyword.value.elts if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _inside(table: Any, *keys: str) -> Any:
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _strings(value: Any) -> Iterator[str]:
    yield from (each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
