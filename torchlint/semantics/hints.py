"""The shapes that tensors have where `forward` assigns them: what an editor shows at the ends of lines."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torchlint.diagnostic import Position
from torchlint.program import Program
from torchlint.semantics.interpreter import Interpreter
from torchlint.semantics.values import Tensor, Value
from torchlint.syntax import Tree
from torchlint.torch_api.dims import Dim, show_shape

_SYMBOL = re.compile(r"\b([A-Z]+)(\d+)\b")


@dataclass(frozen=True, slots=True)
class ShapeHint:
    """The shapes assigned by the statement that ends at a position: `names` are empty for a single target."""

    position: Position
    shapes: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        if len(self.shapes) == 1:
            return self.shapes[0][1]
        return ", ".join(f"{name} {shape}" for name, shape in self.shapes)

    def moved(self, rows: int) -> ShapeHint:
        """The same hint, rows further down."""
        return ShapeHint(Position(self.position.row + rows, self.position.column), self.shapes)


class _Watcher(Interpreter):
    """An interpreter that keeps the shape of each tensor that a `forward` of one file assigns to a name."""

    path = ""

    def watch(self, path: str) -> dict[ast.stmt, dict[str, Sequence[Dim] | None]]:
        self.path = path
        self.seen: dict[ast.stmt, dict[str, Sequence[Dim] | None]] = {}
        self.functions: dict[ast.stmt, ast.AST] = {}
        self._assigning: ast.stmt | None = None
        self.run()
        return self.seen

    def execute(self, body: Sequence[ast.stmt]) -> bool:
        if self.frame.tree.path != self.path or self.frame.name != "forward":
            return super().execute(body)
        before = self._assigning
        for node in body:
            self._assigning = node if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) else None
            live = super().execute([node])
            self._assigning = before
            if not live:
                return False
        return True

    def assign(self, target: ast.expr, value: Value) -> None:
        super().assign(target, value)
        node = self._assigning
        if node is None or not isinstance(target, ast.Name) or not _targets(node, target):
            return
        if self.frame.function is not None:
            self.functions[node] = self.frame.function.node
        shapes = self.seen.setdefault(node, {})
        shape = value.shape if isinstance(value, Tensor) else None
        shapes[target.id] = _agreed(shapes[target.id], shape) if target.id in shapes else shape


def _targets(node: ast.stmt, target: ast.Name) -> bool:
    """Whether a name is a target of the statement itself, and not of a call that it makes."""
    tops = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(each is target for top in tops if top is not None for each in ast.walk(top))


def _agreed(left: Sequence[Dim] | None, right: Sequence[Dim] | None) -> Sequence[Dim] | None:
    """What two runs of a statement agree on: a size that differs is not known."""
    if left is None or right is None or len(left) != len(right):
        return None
    return tuple(a if a == b else None for a, b in zip(left, right, strict=True))


def shape_hints(program: Program, trees: Mapping[str, Tree], path: str) -> list[ShapeHint]:
    """A hint for each assignment in a `forward` of a file by which a name gets a tensor of known rank."""
    watcher = _Watcher(program, trees, frozenset(), lambda fact: None)
    hints: defaultdict[ast.AST, list[ShapeHint]] = defaultdict(list)
    for node, shapes in watcher.watch(path).items():
        known = tuple((name, show_shape(tuple(shape))) for name, shape in shapes.items() if shape is not None)
        if known:
            hints[watcher.functions[node]].append(ShapeHint(trees[path].span(node).end, known))
    found = [each for own in hints.values() for each in _plainly(own)]
    return sorted(found, key=lambda hint: hint.position)


def _plainly(hints: Sequence[ShapeHint]) -> list[ShapeHint]:
    """The hints of one function with `N` for `N1`, where that is its only N."""
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for hint in hints:
        for stem, number in _SYMBOL.findall(hint.text):
            numbers[stem].add(number)

    def plain(shape: str) -> str:
        return _SYMBOL.sub(lambda found: found[1] if len(numbers[found[1]]) == 1 else found[0], shape)

    return [ShapeHint(hint.position, tuple((name, plain(shape)) for name, shape in hint.shapes)) for hint in hints]
