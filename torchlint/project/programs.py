"""From files to programs: which files belong together, by what they import."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from torchlint.diagnostic import Diagnostic
from torchlint.own_rules import SYNTAX_ERROR, UNREADABLE_FILE
from torchlint.project.around import closure, reverse
from torchlint.project.files import Filter, default_excludes, walk
from torchlint.project.imports import ImportIndex
from torchlint.project.program import Program, Version
from torchlint.project.reading import read_file
from torchlint.project.scanning import Import, scan_imports
from torchlint.project.source import Source
from torchlint.project.text import Text, Unreadable

MARKERS = ("pyproject.toml", ".git")
WEAK_MARKERS = ("setup.py", "setup.cfg")

@dataclass(frozen=True)
class Project:
    """What was read: the programs, the files that could not be read, and each linted path's file and encoding."""

    programs: tuple[Program, ...]
    unreadable: tuple[Diagnostic, ...]
    texts: Mapping[str, Text] = field(repr=False)
    files: Mapping[str, str] = field(repr=False)

    @property
    def every_text(self) -> dict[str, str]:
        """The program of each path, those included that only lend facts."""
        lending = {path: source.text for program in self.programs for path, source in program.sources.items()}
        return lending | {path: text.text for path, text in self.texts.items()}

    def takes(self, path: str, text: str) -> bool:
        """Whether a file can be written with this text: a notebook needs its cells, an encoding its letters."""
        try:
            self.texts[path].encode(text)
        except ValueError:
            return False
        return True


def _imported(importer: str, imports: Iterable[Import], index: ImportIndex) -> set[str]:
    """The files of the project that a file imports."""
    found: set[str] = set()
    for each in imports:
        targets = [index.resolve(importer, each.module, each.level)]
        prefix = f"{each.module}." if each.module else ""
        # A name taken from a module that is one file is no module; one of a package may be.
        if targets[0] is None or targets[0].endswith("__init__.py"):
            targets += [index.resolve(importer, prefix + name, each.level) for name in each.names]
        found.update(target for target in targets if target is not None)
    found.discard(importer)
    return found


def load(
    linted: Sequence[str],
    given: Sequence[str] = (),
    *,
    roots: Callable[[str], Iterable[str]] = lambda file: (),
    which: Filter | None = None,
    overlay: Mapping[str, Text | Unreadable] | None = None,
    target: Callable[[str], Version | None] = lambda file: None,
) -> Project:
    """Read the `linted` files, and those of their projects that they work with, as programs.

    All paths are absolute. `given` are the folders that the person named, for files that lie below
    no marker of a project. `roots` tells further folders on `sys.path` that a file asks for, which its project then
    has; `overlay` holds texts that stand in for what is on the disk; `target` tells the oldest torch that a file's
    project supports.
    """
    reader = _Reader(overlay or {})
    folders = [path for path in given if os.path.isdir(path)]
    programs: list[Program] = []
    names: dict[str, str] = {}
    for root, members in sorted(_by_root(linted, folders, reader).items()):
        files = list(members)
        if not any(within(root, folder) for folder in folders):
            depth = None if _marked(os.path.join(root, "x"), {}) else 1
            around = walk(root, which or Filter(default_excludes(root)), depth)
            files += [file for file in around if file.endswith(".py") and not os.path.isdir(file)]
        names.update((shown(file, root), file) for file in members)
        by_path = {shown(file, root): file for file in files}
        further = dict.fromkeys(folder for file in sorted(files) for folder in roots(file))
        for each in _programs(root, members, files, (root, *_package_parent(root), *further), reader):
            targets = {path: version for path in each.sources if (version := target(by_path[path])) is not None}
            programs.append(replace(each, targets=targets))
    texts: dict[str, Text] = {}
    unreadable: list[Diagnostic] = []
    for path, file in names.items():
        text = reader.read(file)
        if isinstance(text, Text):
            texts[path] = text
            unreadable += (
                SYNTAX_ERROR.on(path, f"this cell cannot be read as Python: {message}; it was not linted", position)
                for message, position in text.problems
            )
        else:
            unreadable.append(UNREADABLE_FILE.on(path, f"the file {text.message}", text.position))
    return Project(tuple(programs), tuple(unreadable), texts, names)


def shown(path: str, root: str) -> str:
    """The path as it is shown: relative where the project and the current folder meet."""
    here = os.getcwd()
    if within(root, here) or within(here, root):
        path = os.path.relpath(path, here)
    return path.replace(os.sep, "/")


class _Reader:
    """Reads each file once, and keeps what is needed to show and to write it."""

    def __init__(self, overlay: Mapping[str, Text | Unreadable]) -> None:
        self._overlay = overlay
        self._known: dict[str, Text | Unreadable] = {}
        self._imports: dict[str, tuple[Import, ...]] = {}

    def read(self, file: str) -> Text | Unreadable:
        if file not in self._known:
            try:
                self._known[file] = self._overlay.get(file) or read_file(file)
            except Unreadable as problem:
                self._known[file] = problem
        return self._known[file]

    def imports(self, file: str) -> tuple[Import, ...]:
        if file not in self._imports:
            text = self.read(file)
            self._imports[file] = tuple(scan_imports(text.text)) if isinstance(text, Text) else ()
        return self._imports[file]


def _by_root(linted: Sequence[str], folders: Sequence[str], reader: _Reader) -> dict[str, list[str]]:
    """The linted files by the root of their project."""
    known: dict[str, str | None] = {}
    found: dict[str, list[str]] = {}
    unmarked: dict[str, list[str]] = {}
    for path in linted:
        if root := _marked(path, known):
            found.setdefault(root, []).append(path)
        else:
            above = [folder for folder in folders if within(path, folder)]
            unmarked.setdefault(min(above, key=len, default=os.path.dirname(path)), []).append(path)
    for folder, files in unmarked.items():
        for root, members in _split(folder, files, reader):
            found.setdefault(root, []).extend(members)
    return found


def _split(folder: str, files: Sequence[str], reader: _Reader) -> Iterator[tuple[str, Sequence[str]]]:
    """The projects in a folder without a marker: itself, or its folders where they are strangers.

    A folder that holds Python files, or whose parts import one another by name, is one project.
    """
    parts: dict[str, list[str]] = {}
    for file in files:
        name, _, rest = file[len(folder) :].lstrip(os.sep).partition(os.sep)
        parts.setdefault(name if rest else "", []).append(file)
    used = {each.module.partition(".")[0] for file in files for each in reader.imports(file) if not each.level}
    if "" in parts or used & parts.keys():
        yield folder, files
        return
    for name, members in parts.items():
        yield from _split(os.path.join(folder, name), members, reader)


def _marked(path: str, known: dict[str, str | None]) -> str | None:
    """The nearest folder above with a project's or repository's marker; else with a setup script."""
    here = os.path.dirname(path)
    if here not in known:
        parent = os.path.dirname(here)
        above = None if parent == here else _marked(here, known)
        known[here] = above
        if _has(here, MARKERS) or (_has(here, WEAK_MARKERS) and not (above and _has(above, MARKERS))):
            known[here] = here
    return known[here]


def _package_parent(root: str) -> Iterator[str]:
    """The folder from which the package is imported whose inside was taken for a root."""
    if _has(root, ["__init__.py"]):
        while _has(root, ["__init__.py"]):
            root = os.path.dirname(root)
        yield root


def _has(folder: str, names: Iterable[str]) -> bool:
    return any(os.path.exists(os.path.join(folder, name)) for name in names)


def within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _programs(
    root: str, linted: Sequence[str], files: Iterable[str], roots: Sequence[str], reader: _Reader
) -> Iterator[Program]:
    texts: dict[str, str] = {}
    names: dict[str, str] = {}
    for file in files:
        text = reader.read(file)
        if isinstance(text, Text):
            path = shown(file, root)
            texts[path], names[path] = text.text, file
    places = tuple(dict.fromkeys(shown(folder, root) for folder in roots))
    index = ImportIndex(texts.keys(), places)
    imports = {path: _imported(path, reader.imports(names[path]), index) for path in texts}
    present = frozenset(shown(file, root) for file in linted).intersection(texts)
    leading = _leading(present, imports)
    for members in _components(closure(leading, imports), imports):
        sources = {path: Source(path, texts[path]) for path in members}
        inside = {path: frozenset(imports[path]).intersection(sources) for path in sources}
        yield Program(sources, present.intersection(sources), places, leading.intersection(sources), inside)


def _leading(linted: Iterable[str], imports: Mapping[str, set[str]]) -> frozenset[str]:
    """The linted files, and whatever leads to them."""
    return frozenset(closure(linted, reverse(imports)))


def _components(paths: set[str], imports: Mapping[str, set[str]]) -> Iterator[list[str]]:
    neighbours: dict[str, set[str]] = {path: set() for path in paths}
    for path in paths:
        for target in imports[path] & paths:
            neighbours[path].add(target)
            neighbours[target].add(path)
    left = set(paths)
    for path in sorted(paths):
        if path in left:
            members = closure([path], neighbours)
            left -= members
            yield sorted(members)
