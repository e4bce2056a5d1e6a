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

_REQUIREMENT = re.compile(r"^\s*(?:py)?torch\s*(?:\[[^\]]*\]\s*)?(?P<bounds>[(<>=!~^\s\d][^;#]*)?(?:[;#].*)?$", re.I)
_BOUND = re.compile(r"[\s(]*(?P<sign>===?|~=|>=?|<=?|!=|\^)?\s*(?P<version>\d+(?:\.\d+){0,2})")
_CONDA = re.compile(r"""\s*-\s*["']?(?:[\w.-]+::)?pytorch\s*(?:(?P<sign>[<>=!~]=?)\s*(?P<version>[^\s"'=#]+))?(?:[=\s"'#].*)?$""")
# What makes a folder the root of a project, whatever it requires.
_ROOTS = (".git", "pyproject.toml", "setup.py", "setup.cfg")
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

    The nearest folder upward whose requirements name torch decides; a project's or repository's root is the last one asked.
    """
    here = Path(folder).absolute()
    for each in (here, *here.parents):
        sources = [(each / name, read) for name, read in _sources(each) if (each / name).is_file()]
        named = [found for path, read in sources for found in _requirements(path, read)]
        if named or any((each / name).exists() for name in _ROOTS):
            return next((found for found in named if found is not None), None)
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
    names = _names(folder)
    yield from ((name, _of_lines) for name in names if name.startswith("requirements") and name.endswith((".txt", ".in")))
    yield from ((f"requirements/{name}", _of_lines) for name in _names(folder / "requirements") if name.endswith((".txt", ".in")))
    yield from ((name, _of_conda) for name in names if name.startswith(("environment", "conda")) and name.endswith((".yml", ".yaml")))


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _requirements(path: Path, read: Read) -> Iterator[Declared | None]:
    """What a file requires of torch: the lowest of its bounds, or None where it names torch and sets none."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return
    named = [requirement for requirement in read(text) if _REQUIREMENT.match(requirement)]
    versions = [version for requirement in named if (version := oldest(requirement)) is not None]
    shown = os.path.relpath(path)
    if versions:
        version = min(versions, key=_numbers)
        yield Declared(version, str(path) if shown.startswith("..") else shown, _row(text, version))
    elif named:
        yield None


def _row(text: str, version: str) -> int:
    """The first row that names torch and the version, or else torch."""
    rows = [(number, row) for number, row in enumerate(text.splitlines(), 1) if re.search(r"\b(?:py)?torch\b", row)]
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
    poetry = _inside(table, "tool", "poetry")
    groups = _inside(poetry, "group")
    for part in (poetry, *(groups.values() if isinstance(groups, dict) else ())):
        for key in ("dependencies", "dev-dependencies"):
            yield from (f"torch {bound}" for bound in _of_poetry(_inside(part, key, "torch")))


def _of_poetry(value: Any) -> Iterator[str]:
    """The bounds of a dependency of Poetry: a string, a table with a version, or a list of such."""
    for each in value if isinstance(value, list) else [value]:
        bound = each.get("version") if isinstance(each, dict) else each
        if isinstance(bound, str):
            yield "" if bound == "*" else bound


def _of_setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    yield from parser.get("options", "install_requires", fallback="").splitlines()
    if parser.has_section("options.extras_require"):
        yield from (line for _, value in parser.items("options.extras_require") for line in value.splitlines())


def _of_setup_py(text: str) -> Iterator[str]:
    """The literal strings of `setup(install_requires=[…], extras_require={…: […]})`, named lists included; the file is not run."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    named = {target.id: node.value for node in tree.body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            value = named.get(keyword.value.id, keyword.value) if isinstance(keyword.value, ast.Name) else keyword.value
            if keyword.arg in ("install_requires", "extras_require"):
                yield from (each.value for each in ast.walk(value) if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _of_lines(text: str) -> Iterator[str]:
    return iter(text.splitlines())


def _of_conda(text: str) -> Iterator[str]:
    """The dependencies of a conda environment, those that pip installs included: `- pytorch=1.7.1=py3.8`, `- torch==2.0`."""
    for line in text.splitlines():
        if found := _CONDA.match(line):
            # conda's single sign says "this series"; what follows the version is a build.
            sign = "==" if found["sign"] == "=" else found["sign"] or ""
            yield f"torch{sign}{found['version'] or ''}"
        elif (item := line.strip()).startswith("- "):
            yield item[2:].strip("\"' ")


def _inside(table: Any, *keys: str) -> Any:
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _strings(value: Any) -> Iterator[str]:
    yield from (each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
