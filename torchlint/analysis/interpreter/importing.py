"""Import statements: what they name in files of the program, and in everything else by qualified name."""

from __future__ import annotations

import ast
import posixpath

from torchlint.analysis.machine.files import FileState
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

_ImportNode = ast.Import | ast.ImportFrom


def run_import(machine: Machine, node: _ImportNode) -> bool:
    """Bind the names of an import; those of a file's top level that are made when they are asked for are left out."""
    frame = machine.frame
    state = machine.files.read(frame.tree.path)
    deferred = state.bindings.imports if state is not None and state.bindings is not None and frame.locals is state.globals else {}
    for alias in node.names:
        local = alias.asname or alias.name.partition(".")[0]
        if alias.name == "*" and isinstance(node, ast.ImportFrom):
            _import_star(machine, node)
        elif local not in deferred or deferred[local][0] is not node:
            machine.bind_name(local, imported(machine, frame.tree.path, node, alias))
    return True


def imported(machine: Machine, importer: str, node: _ImportNode, alias: ast.alias) -> Value:
    """What an import binds one name to."""
    if isinstance(node, ast.ImportFrom):
        return _taken(machine, importer, node, alias.name)
    name = alias.name if alias.asname else alias.name.partition(".")[0]
    path = machine.resolve(importer, alias.name, 0) and machine.resolve(importer, name, 0)
    return ProjectFile(path) if path is not None else Library(canonical(name) if alias.asname else name)


def bind_plain_imports(machine: Machine, state: FileState) -> None:
    """Bind the names that a file imports once, but for those that only running a file of the program can tell."""
    assert state.bindings is not None
    for local, (node, alias) in state.bindings.imports.items():
        if isinstance(node, ast.Import) or not _is_ours(machine, state.tree.path, node, alias.name):
            state.globals[local] = imported(machine, state.tree.path, node, alias)


def star_sources(machine: Machine, state: FileState) -> list[str]:
    """The files of the program whose every name a file imports, the last one first."""
    assert state.bindings is not None
    found = (_source(machine, state.tree.path, node) for node in reversed(state.bindings.stars))
    return [path for path in found if path is not None and path != state.tree.path]


def _is_ours(machine: Machine, importer: str, node: ast.ImportFrom, name: str) -> bool:
    """Whether a file of the program, or nothing that is known, is what a name is imported from."""
    if node.level or _is_own(importer, node) or _source(machine, importer, node) is not None:
        return True
    inner = machine.resolve(importer, f"{node.module}.{name}", 0)
    return inner is not None and _ends_with(inner, node.module or "")


def _source(machine: Machine, importer: str, node: ast.ImportFrom) -> str | None:
    return machine.resolve(importer, node.module or "", node.level) if node.module or node.level else None


def _is_own(importer: str, node: ast.ImportFrom) -> bool:
    """Whether a script imports from itself, which gets what it has defined."""
    return not node.level and posixpath.basename(importer) == f"{node.module}.py"


def _taken(machine: Machine, importer: str, node: ast.ImportFrom, name: str) -> Value:
    module, path = node.module or "", _source(machine, importer, node)
    own = path is None and _is_own(importer, node)
    if own or (path is not None and path != importer):
        held = machine.global_value(path or importer, name)
        if held is not MISSING:
            return held  # type: ignore[no-any-return]
    inner = machine.resolve(importer, f"{module}.{name}" if module else name, node.level)
    if inner is not None and (path is not None or node.level or _ends_with(inner, module)):
        return ProjectFile(inner)
    if path is not None or node.level:
        return Unknown()
    return Library(canonical(f"{module}.{name}"))


def _import_star(machine: Machine, node: ast.ImportFrom) -> None:
    """All names of a library's module; those of a file of the program are made when they are asked for, if at its top level."""
    module, path = node.module or "", _source(machine, machine.frame.tree.path, node)
    if path is None and module.partition(".")[0] == "torch":
        for name in public_names(module):
            machine.bind_name(name, Library(canonical(f"{module}.{name}")))


def _ends_with(path: str, module: str) -> bool:
    folder = posixpath.dirname(path)
    return bool(module) and f"/{folder}".endswith("/" + module.replace(".", "/"))
