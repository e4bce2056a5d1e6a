"""Where in the program something is: a node of a file, turned into a place only when asked for."""

from __future__ import annotations

import ast
from typing import TypeVar

from torchlint.analysis.values.immutable import immutable
from torchlint.diagnostic import Place, Span
from torchlint.syntax.tree import Tree

Node = TypeVar("Node", bound=ast.AST)


@immutable
class Site:
    """A node of a tree. Two sites may be of one node: ask `same`."""

    tree: Tree
    node: ast.AST

    @property
    def key(self) -> int:
        return id(self.node)

    @property
    def mark(self) -> tuple[str, ...]:
        """What tells this node from all others of the program, in every run on the same text."""
        node = self.node
        return (self.path, type(node).__name__, *(str(getattr(node, name, 0)) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")))

    @property
    def path(self) -> str:
        return self.tree.source.path

    @property
    def row(self) -> int:
        return self.node.lineno  # type: ignore[attr-defined, no-any-return]

    @property
    def place(self) -> Place:
        return self.tree.place(self.node)

    @property
    def span(self) -> Span:
        return self.tree.span(self.node)

    @property
    def text(self) -> str:
        return self.tree.code(self.node)

    @property
    def statement(self) -> Site:
        """The statement that this stands in, or is."""
        found = self.around(ast.stmt)
        return self.at(found) if found is not None else self

    @property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The definition of the function that this stands in, or is."""
        found = self.around(ast.FunctionDef, ast.AsyncFunctionDef)
        return found if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef) else None

    def at(self, node: ast.AST) -> Site:
        """Another node of the same file."""
        return Site(self.tree, node)

    def same(self, other: Site | None) -> bool:
        """Whether another site is of the same node."""
        return other is not None and other.node is self.node

    def within(self, outer: Site) -> bool:
        """Whether this node is another one, or stands in it."""
        node: ast.AST | None = self.node
        while node is not None and node is not outer.node:
            node = self.tree.parent(node)
        return node is not None

    def around(self, *kinds: type[Node]) -> Node | None:
        """The innermost node of some kinds that this one stands in, or is."""
        node: ast.AST | None = self.node
        while node is not None and not isinstance(node, kinds):
            node = self.tree.parent(node)
        return node
