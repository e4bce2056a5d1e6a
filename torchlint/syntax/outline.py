"""What a file defines at its top level, which names each definition uses, and what the file imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from torchlint.syntax.blocks import DEFINITIONS, inside
from torchlint.syntax.index import below


@dataclass(frozen=True, slots=True)
class Definition:
    """A statement of the top level: the names that it binds, the names and attributes that it uses, and the strings that it gives to calls.

    `callable` says whether it is a function or a class. What decorators use belongs to the top level, which runs them,
    and not to the definition.
    """

    callable: bool
    binds: frozenset[str]
    names: frozenset[str]
    attributes: frozenset[str]
    strings: frozenset[str]

    @property
    def words(self) -> frozenset[str]:
        return self.names | self.attributes


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that an import binds: `name` of a module, or (None) the module itself; "*" stands for all of its names."""

    local: str
    module: str
    level: int
    name: str | None
    top: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """The definitions and imports of one file; imports inside functions are among them, marked as not of the top level."""

    definitions: tuple[Definition, ...]
    imports: tuple[Imported, ...]


@lru_cache(maxsize=4096)
def outline(module: ast.Module) -> Outline:
    """The outline of a file."""
    definitions = tuple(_definition(node) for node in _top_level(module.body))
    return Outline(definitions, tuple(_imports(module)))


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a file, those inside its `if`, `try`, `with`, `match` and loops one by one."""
    for node in body:
        if isinstance(node, DEFINITIONS) or not (blocks := list(inside(node))):
            yield node
        else:
            yield from _top_level(blocks)


def _definition(node: ast.stmt) -> Definition:
    roots: list[ast.AST] = [node]
    binds: set[str] = set()
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            binds.add(node.name)
            roots = [each for each in ast.iter_child_nodes(node) if each not in node.decorator_list]
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            binds.update(each.id for target in targets for each in below(target, ast.Name))
    names = {each.id for root in roots for each in below(root, ast.Name)}
    attributes = {each.attr for root in roots for each in below(root, ast.Attribute)}
    given = (each for root in roots for call in below(root, ast.Call) for each in (*call.args, *(one.value for one in call.keywords)))
    strings = {each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value.isidentifier()}
    return Definition(isinstance(node, DEFINITIONS), frozenset(binds), frozenset(names), frozenset(attributes), frozenset(strings))


def _imports(module: ast.Module) -> Iterator[Imported]:
    tops = set(map(id, _top_level(module.body)))
    for plain in below(module, ast.Import):
        for each in plain.names:
            yield Imported(each.asname or each.name.partition(".")[0], each.name, 0, None, id(plain) in tops)
    for node in below(module, ast.ImportFrom):
        for each in node.names:
            yield Imported(each.asname or each.name, node.module or "", node.level, each.name, id(node) in tops)
