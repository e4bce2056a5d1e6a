"""Where in the program something is: a node of a file, turned into a place only when asked for."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from torchlint.diagnostic import Place, Span
from torchlint.syntax.tree import Tree


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A node of a tree. Equal when it is the same node."""

    tree: Tree
    node: ast.AST

    @property
    def key(self) -> int:
        return id(self.node)

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

    def at(self, node: ast.AST) -> Site:
        """Another node of the same file."""
        return Site(self.tree, node)
