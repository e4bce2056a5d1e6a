"""Import statements: files of the program are run, everything else is a qualified name."""

from __future__ import annotations

import ast
import posixpath

from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    Library,
    ProjectFile,
    Unknown,
    Value,
)
from torchlint.analysis.values.trail import MISSING
from torchlint.torch_api.binding import public_names
from torchlint.torch_api.operations import canonical


def run_import(machine: Machine, node: ast.Import) -> bool:
    for alias in node.names:
        path = machine.resolve(machine.frame.tree.path, alias.name, 0)
        top = alias.name.partition(".")[0]
        if path is not None:
            if alias.asname:
                machine.bind_name(alias.asname, _project_file(machine, path))
            elif "." in alias.name:
                first = machine.resolve(machine.frame.tree.path, top, 0)
                machine.bind_name(top, _project_file(machine, first) if first else Library(top))
                _project_file(machine, path)
            else:
                machine.bind_name(top, _project_file(machine, path))
        else:
            machine.bind_name(alias.asname or top, Library(canonical(alias.name) if alias.asname else top))
    return True


def _project_file(machine: Machine, path: str) -> Value:
    machine.run_file(path)
    return ProjectFile(path)


def run_import_from(machine: Machine, node: ast.ImportFrom) -> bool:
    importer = machine.frame.tree.path
    module = node.module or ""
    path = machine.resolve(importer, module, node.level) if module or node.level else None
    for alias in node.names:
        if alias.name == "*":
            _import_star(machine, path, module)
            continue
        name = alias.asname or alias.name
        machine.bind_name(name, _imported(machine, importer, module, node.level, alias.name, path))
    return True


def _imported(machine: Machine, importer: str, module: str, level: int, name: str, path: str | None) -> Value:
    # A script that imports from itself gets what it has defined.
    own = path is None and not level and posixpath.basename(importer) == f"{module}.py"
    if own or (path is not None and path != importer):
        held = machine.run_file(path or importer).get(name, MISSING)
        if isinstance(held, Value):
            return held
    inner = machine.resolve(importer, f"{module}.{name}" if module else name, level)
    if inner is not None and (path is not None or level or _ends_with(inner, module)):
        return _project_file(machine, inner)
    if path is not None or level:
        return Unknown()
    return Library(canonical(f"{module}.{name}"))


def _import_star(machine: Machine, path: str | None, module: str) -> None:
    if path is not None:
        for name, value in list(machine.run_file(path).items()):
            if isinstance(name, str) and not name.startswith("_") and isinstance(value, Value):
                machine.bind_name(name, value)
    elif module.partition(".")[0] == "torch":
        for name in public_names(module):
            machine.bind_name(name, Library(canonical(f"{module}.{name}")))


def _ends_with(path: str, module: str) -> bool:
    folder = posixpath.dirname(path)
    return bool(module) and f"/{folder}".endswith("/" + module.replace(".", "/"))
