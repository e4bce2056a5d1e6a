"""What is known at a place of a text that may have been edited since, or that is no Python just now."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from torchlint.analysis.views.explain import Variable, explain
from torchlint.analysis.views.hints import ShapeHint, shape_hints
from torchlint.diagnostic import Position
from torchlint.lint.linter import settings
from torchlint.project.text import Text
from torchlint.server.documents import lines_of
from torchlint.server.projects import Checked
from torchlint.server.trees import Trees
from torchlint.syntax.tree import Tree

_MOST_KEPT = 64


@dataclass
class Facts:
    """Shapes and variables, worked out when asked for and kept for as long as the program is the same."""

    trees: Trees
    _kept: dict[object, object] = field(default_factory=dict)

    def hints(self, checked: Checked, path: str) -> list[ShapeHint]:
        """The shape hints of a file, by its rows as they are now."""
        program = checked.program_of(path)
        if program is None:
            return []
        program, trees = self.trees.lasting(program)
        if path not in trees:
            return []
        key = (path, frozenset(program.sources.values()))
        found = self._kept.get(key)
        if not isinstance(found, list):
            with settings():
                found = shape_hints(program, trees, path)
            self._keep(key, found)
        rows = _Rows(trees[path].source.text, checked.project.texts[path])
        moved = [(rows.now(hint.position.row), hint) for hint in found]
        return [ShapeHint(Position(row, hint.position.column), hint.shapes) for row, hint in moved if row]

    def variable(self, checked: Checked, path: str, position: Position) -> Variable | None:
        """The variable, or attribute of self, whose name stands at a position."""
        program = checked.program_of(path)
        if program is None:
            return None
        program, trees = self.trees.lasting(program)
        row = _Rows(trees[path].source.text, checked.project.texts[path]).before(position.row) if path in trees else None
        name = _name_at(trees[path], Position(row, position.column)) if row else None
        if not row or not name:
            return None
        key = (path, row, frozenset(program.sources.values()))
        found = self._kept.get(key)
        if not isinstance(found, list):
            with settings():
                found = explain(program, trees, path, row)
            self._keep(key, found)
        return next((each for each in found if each.name == name), None)

    def _keep(self, key: object, found: object) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[key] = found


class _Rows:
    """Which rows of one text are rows of another: those above the first difference and below the last."""

    def __init__(self, before: str, now: Text) -> None:
        old, new = lines_of(before), lines_of(now.text)
        self._same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
        limit = min(len(old), len(new)) - self._same
        backwards = zip(reversed(old), reversed(new), strict=False)
        self._tail = min(sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], backwards)), limit)
        self._old, self._new = len(old), len(new)

    def now(self, row: int) -> int | None:
        return self._moved(row, self._old, self._new)

    def before(self, row: int) -> int | None:
        return self._moved(row, self._new, self._old)

    def _moved(self, row: int, size: int, other: int) -> int | None:
        if row <= self._same:
            return row
        return row + other - size if row > size - self._tail else None


def _name_at(tree: Tree, position: Position) -> str | None:
    """`x` or `self.x`, where a position is in such a name."""
    found: Sequence[ast.AST] = [
        node
        for node in ast.walk(tree.module)
        if isinstance(node, ast.Name | ast.Attribute | ast.arg)
        and node.lineno <= position.row <= (node.end_lineno or node.lineno)
        and tree.span(node).start <= position <= tree.span(node).end
    ]
    for node in found:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            return f"self.{node.attr}"
    for node in found:
        if isinstance(node, ast.Name | ast.arg):
            return node.id if isinstance(node, ast.Name) else node.arg
    return None
