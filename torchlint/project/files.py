"""Which files are meant by the paths that a person gives."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEFAULT_EXCLUDES = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox",
    ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode",
    "__pypackages__", "_build", "buck-out", "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip
_IGNORE_FILES = (".gitignore", ".ignore")


class MissingPath(Exception):
    """A path was given that does not exist."""


@dataclass(frozen=True, slots=True)
class Rooted:
    """A pattern or folder as a person wrote it, and the folder that it starts from."""

    text: str
    base: str


Rules = tuple[tuple[str, "GitIgnoreSpec"], ...]


def rules_of(patterns: Iterable[Rooted]) -> Rules:
    """Patterns as rules: those that follow one another and start from one folder make one."""
    from pathspec import GitIgnoreSpec

    groups = groupby(patterns, key=lambda each: each.base)
    return tuple((base, GitIgnoreSpec.from_lines([each.text for each in group])) for base, group in groups)


def matches(path: str, rules: Rules) -> bool:
    """Whether a file fits patterns; where it lies elsewhere than these start from, its name counts."""
    return _left_out(path, False, _reaching(rules, os.path.dirname(path)))


def default_excludes(base: str) -> Callable[[str], Rules]:
    """What is left out of every folder where nothing else is said."""
    rules = rules_of(Rooted(text, base) for text in DEFAULT_EXCLUDES)
    return lambda folder: rules


@dataclass(frozen=True)
class Filter:
    """What is left out of the folders given: `excludes` tells the rules for the entries of a folder.

    A path named outright is linted whatever the patterns say, unless `force` is set.
    """

    excludes: Callable[[str], Rules]
    force: bool = False
    gitignore: bool = True
    endings: tuple[str, ...] = (".py", ".ipynb")

    def rules_at(self, folder: str) -> Rules:
        """What applies to the entries of a folder: its excludes, and each .gitignore up to the repository."""
        return (*_reaching(self.excludes(folder), folder), *self.ignore_rules(folder))

    def ignore_rules(self, folder: str) -> Rules:
        if not self.gitignore:
            return ()
        parent = os.path.dirname(folder)
        top = parent == folder or _is_top(folder)
        return (*(() if top else self.ignore_rules(parent)), *_ignore_files(folder, top))

    def leaves_out(self, path: str, is_folder: bool) -> bool:
        """Whether a path, or a folder that it lies in, is left out."""
        folder = os.path.dirname(path)
        if _left_out(path, is_folder, self.rules_at(folder)):
            return True
        # A folder with excludes of its own may be left out by those above it.
        while (parent := os.path.dirname(folder)) != folder:
            above = self.excludes(parent)
            if self.excludes(folder) is not above and any(_within(parent, base) for base, _ in above):
                return self.leaves_out(folder, True)
            folder = parent
        return False


def discover(paths: Iterable[str], which: Filter) -> list[str]:
    """The absolute paths of the files to lint, sorted, each once.

    Raises MissingPath for a path that is neither file nor folder (a broken link counts as a file).
    """
    found: set[str] = set()
    for given in paths:
        path = os.path.abspath(given)
        is_folder = os.path.isdir(path)
        if not os.path.lexists(path):
            raise MissingPath(f"{given}: no such file or folder")
        if which.force and which.leaves_out(path, is_folder):
            continue
        if is_folder:
            found.update(walk(path, which))
        else:
            found.add(path)
    return sorted(found)


def walk(start: str, which: Filter, depth: int | None = None) -> Iterator[str]:
    """The files below a folder that the filter lets pass, at most `depth` folders down.

    What leaves out the start itself does not count below it. Links to folders are not followed. A
    folder with the name of a source file is yielded too, so that the person hears of it.
    """
    named_outright = _left_out(start, True, which.rules_at(start))
    ignores = which.ignore_rules(start)
    if named_outright:
        ignores = _ignore_files(start, False) if which.gitignore else ()
    pending = deque([(start, ignores, 0)])
    while pending:
        folder, ignores, level = pending.popleft()
        excludes = _reaching(which.excludes(folder), folder)
        if named_outright:
            excludes = tuple((start if _within(start, base) else base, spec) for base, spec in excludes)
        rules = (*excludes, *ignores)
        for entry in _entries(folder):
            is_folder = entry.is_dir(follow_symlinks=False)
            named = entry.name.endswith(which.endings)
            if not (is_folder or named) or _left_out(entry.path, is_folder, rules):
                continue
            if is_folder and level != depth:
                own = _ignore_files(entry.path, _is_top(entry.path)) if which.gitignore else ()
                pending.append((entry.path, (*ignores, *own), level + 1))
            if named and (is_folder or not _leads_to_folder(entry)):
                yield entry.path


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads in a circle


def _reaching(rules: Rules, folder: str) -> Rules:
    """Rules for the entries of a folder; those that start from somewhere else start from the folder itself."""
    return tuple((base if _within(folder, base) else folder, spec) for base, spec in rules)


def _left_out(path: str, is_folder: bool, rules: Rules) -> bool:
    verdict = False
    for base, spec in rules:
        relative = path[len(base) :].lstrip(os.sep).replace(os.sep, "/")
        if relative:
            include = spec.check_file(relative + "/" if is_folder else relative).include
            verdict = verdict if include is None else include
    return verdict


def _ignore_files(folder: str, top: bool) -> Rules:
    names = [*_IGNORE_FILES, os.path.join(".git", "info", "exclude")] if top else _IGNORE_FILES
    return tuple((folder, spec) for name in names if (spec := _spec(os.path.join(folder, name))))


def forget_ignore_files() -> None:
    """Read every .gitignore anew: for a process that goes on while they change."""
    _spec.cache_clear()


@lru_cache(maxsize=4096)
def _spec(path: str) -> GitIgnoreSpec | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(lines)


def _is_top(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, ".git"))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
