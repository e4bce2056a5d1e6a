"""Which definitions of a program can reach given files: what they name, through imports and re-exports, and so on.

Linting a few files runs their own entries and those that reach them; what no entry of another file names, none of them runs.
A definition whose name is given to a call as a string (`create_model("resnet50")`) counts as named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from torchlint.project.around import reverse
from torchlint.project.imports import ImportIndex, module_name
from torchlint.project.program import Program
from torchlint.project.scanning import scan_imports
from torchlint.syntax.outline import Definition, Imported, Outline, outline
from torchlint.syntax.tree import Tree

_STAR = "*"


def reaching(program: Program, tree: Callable[[str], Tree | None], index: ImportIndex) -> dict[str, frozenset[str]]:
    """For each file that is not linted, the names of the definitions that can reach a linted file; files without any are left out."""
    search = _Search(program, tree, index)
    for path in sorted(program.linted):
        found = search.outline(path)
        if found is not None:
            search.expose(path, frozenset[str]().union(*(each.binds for each in found.definitions)))
            search.name_in_strings({name for each in found.definitions if each.callable for name in each.binds if not name.startswith("_")})
    search.run()
    return {path: frozenset(names) for path, names in search.reached.items() if path not in program.linted}


class _Search:
    """The search from the linted files outwards, along who imports whom."""

    def __init__(self, program: Program, tree: Callable[[str], Tree | None], index: ImportIndex) -> None:
        self._program, self._tree, self._index = program, tree, index
        self._importers = reverse(program.imports or {})
        # What each file offers that leads to a linted one, and the files whose importers are still to be looked at.
        self._exposed: defaultdict[str, set[str]] = defaultdict(set)
        self._pending: list[str] = []
        # What each file takes by its import statements: names, modules, all names.
        self._taken: dict[str, frozenset[str]] = {}
        self.reached: defaultdict[str, set[str]] = defaultdict(set)

    def outline(self, path: str) -> Outline | None:
        tree = self._tree(path)
        return None if tree is None else outline(tree.module)

    def expose(self, path: str, names: Iterable[str]) -> None:
        """A file offers names that lead to a linted file."""
        new = set(names) - self._exposed[path]
        if new:
            self._exposed[path] |= new
            self._pending.append(path)

    def name_in_strings(self, names: set[str]) -> None:
        """Definitions that give one of these names to a call may look it up."""
        quoted = [quote + name + quote for name in names for quote in "'\""]
        for path, source in self._program.sources.items():
            if path in self._program.linted or not any(each in source.text for each in quoted):
                continue
            found = self.outline(path)
            for each in found.definitions if found is not None else ():
                if not names.isdisjoint(each.strings):
                    self._reach(path, each)

    def run(self) -> None:
        while self._pending:
            path = self._pending.pop()
            for importer in self._importers.get(path, ()):
                if self._may_take(importer, path):
                    self._look_at(importer)
            self._look_at(path)

    def _may_take(self, importer: str, path: str) -> bool:
        """Whether a file imports a name that another one exposes, or all names, or the other one as a module: no other is parsed."""
        if importer not in self._taken:
            text = self._program.sources[importer].text
            self._taken[importer] = frozenset(name for each in scan_imports(text) for name in each.names or each.module.split(".")) | ({_STAR} if "import *" in text else set())
        taken = self._taken[importer]
        if _STAR in taken or not taken.isdisjoint(self._exposed[path]):
            return True
        if module_name(path) not in taken:
            return False
        text = self._program.sources[importer].text
        return any(name in text for name in self._exposed[path])

    def _look_at(self, path: str) -> None:
        """What of a file uses a name that leads to a linted file."""
        found = self.outline(path)
        if found is None:
            return
        direct, modules = self._leading_names(path, found.imports)
        if path not in self._program.linted:
            direct |= self._exposed[path]
        for each in found.definitions:
            if not direct.isdisjoint(each.names) or any(not names.isdisjoint(each.words) for local, names in modules.items() if local in each.names):
                self._reach(path, each)

    def _leading_names(self, path: str, imports: Iterable[Imported]) -> tuple[set[str], dict[str, set[str]]]:
        """The names of a file that stand for something that leads to a linted file, and its modules with such names in them."""
        direct: set[str] = set()
        modules: defaultdict[str, set[str]] = defaultdict(set)
        for each in imports:
            if each.name is None:
                self._note_module(modules, each.local, self._index.resolve(path, each.module, each.level))
                continue
            source = self._index.resolve(path, each.module, each.level) if each.module or each.level else None
            offered = self._exposed.get(source, set()) if source is not None else set()
            taken = offered if each.name == "*" else {each.local} if each.name in offered else set()
            direct |= taken
            if each.top:
                self.expose(path, taken)
            inner = self._index.resolve(path, f"{each.module}.{each.name}" if each.module else each.name, each.level)
            self._note_module(modules, each.local, inner)
            if inner is not None and each.top and self._exposed.get(inner):
                self.expose(path, {each.local})
        return direct, modules

    def _note_module(self, modules: defaultdict[str, set[str]], local: str, path: str | None) -> None:
        if path is not None and self._exposed.get(path):
            modules[local] |= self._exposed[path]

    def _reach(self, path: str, definition: Definition) -> None:
        self.reached[path] |= definition.binds
        self.expose(path, definition.binds)
