"""Import statements: files of the program are run, everything else is a qualified name."""

from __future__ import annotations

import ast
import posixpath

from torchlint.semantics.loops import Loops
from torchlint.semantics.trail import MISSING
from torchlint.semantics.values import (
    Library,
    ProjectFile,
    Unknown,
    Value,
)
from torchlint.torch_api.binding import public_names
from torchlint.torch_api.operations import canonical


class Importing(Loops):
    """The binding of what is imported."""

    def _import(self, node: ast.Import) -> bool:
        for alias in node.names:
            path = self.index.resolve(self.frame.tree.path, alias.name, 0)
            top = alias.name.partition(".")[0]
            if path is not None:
                if alias.asname:
                    self.bind_name(alias.asname, self._project_file(path))
                elif "." in alias.name:
                    first = self.index.resolve(self.frame.tree.path, top, 0)
                    self.bind_name(top, self._project_file(first) if first else Library(top))
                    self._project_file(path)
                else:
                    self.bind_name(top, self._project_file(path))
            else:
                self.bind_name(alias.asname or top, Library(canonical(alias.name) if alias.asname else top))
        return True

    def _project_file(self, path: str) -> Value:
        self.run_file(path)
        return ProjectFile(path)

    def _import_from(self, node: ast.ImportFrom) -> bool:
        importer = self.frame.tree.path
        module = node.module or ""
        path = self.index.resolve(importer, module, node.level) if module or node.level else None
        for alias in node.names:
            if alias.name == "*":
                self._import_star(path, module)
                continue
            name = alias.asname or alias.name
            self.bind_name(name, self._imported(importer, module, node.level, alias.name, path))
        return True

    def _imported(self, importer: str, module: str, level: int, name: str, path: str | None) -> Value:
        # A script that imports from itself gets what it has defined.
        own = path is None and not level and posixpath.basename(importer) == f"{module}.py"
        if own or (path is not None and path != importer):
            held = self.run_file(path or importer).get(name, MISSING)
            if isinstance(held, Value):
                return held
        inner = self.index.resolve(importer, f"{module}.{name}" if module else name, level)
        if inner is not None and (path is not None or level or _ends_with(inner, module)):
            return self._project_file(inner)
        if path is not None or level:
            return Unknown()
        return Library(canonical(f"{module}.{name}"))

    def _import_star(self, path: str | None, module: str) -> None:
        if path is not None:
            for name, value in list(self.run_file(path).items()):
                if isinstance(name, str) and not name.startswith("_") and isinstance(value, Value):
                    self.bind_name(name, value)
        elif module.partition(".")[0] == "torch":
            for name in public_names(module):
                self.bind_name(name, Library(canonical(f"{module}.{name}")))


def _ends_with(path: str, module: str) -> bool:
    folder = posixpath.dirname(path)
    return bool(module) and f"/{folder}".endswith("/" + module.replace(".", "/"))
