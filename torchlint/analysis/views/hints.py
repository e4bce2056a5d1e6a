"""The shapes that tensors have where `forward` assigns them: what an editor shows at the ends of lines."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torchlint.analysis.entries import run_program
from torchlint.analysis.interpret import PYTHON, machine_for
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import Frame, Tensor, Value
from torchlint.analysis.views.size_names import plain_names
from torchlint.diagnostic import Position
from torchlint.project.program import Program
from torchlint.syntax.tree import Tree
from torchlint.torch_api.dims import Dim, show


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


Sizes = Sequence[str] | None


@dataclass(slots=True)
class _Run:
    """One call of a `forward`: the shapes that each of its statements assigned to names."""

    alone: bool
    shapes: dict[tuple[ast.stmt, str], Sequence[Dim] | None]

    def in_words(self) -> dict[tuple[ast.stmt, str], Sizes]:
        words = {key: None if shape is None else [show(dim) for dim in shape] for key, shape in self.shapes.items()}
        plain = plain_names(size for sizes in words.values() for size in sizes or ())
        return {key: None if sizes is None else [plain(size) for size in sizes] for key, sizes in words.items()}


class _Watcher:
    """Keeps the shape of each tensor that a `forward` of one file assigns to a name."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.runs: dict[Frame, _Run] = {}
        self._assigning: ast.stmt | None = None

    def execute(self, machine: Machine, body: Sequence[ast.stmt]) -> bool:
        """Run statements, knowing in a `forward` which of them assigns."""
        if machine.frame.tree.path != self.path or machine.frame.name != "forward":
            return PYTHON.execute(machine, body)
        before = self._assigning
        for node in body:
            self._assigning = node if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) else None
            live = PYTHON.execute(machine, [node])
            self._assigning = before
            if not live:
                return False
        return True

    def assign(self, machine: Machine, target: ast.expr, value: Value) -> None:
        """Bind a target, and note the shape of what a statement itself assigns to a name."""
        PYTHON.assign(machine, target, value)
        node = self._assigning
        if node is None or not isinstance(target, ast.Name) or not _targets(node, target):
            return
        shapes = self.runs.setdefault(machine.frame, _Run(machine.frame.alone, {})).shapes
        shape = value.shape if isinstance(value, Tensor) else None
        key = (node, target.id)
        shapes[key] = _same(shapes[key], shape) if key in shapes else shape

    def by_function(self) -> dict[ast.AST, list[_Run]]:
        """The runs of each `forward`, by its definition."""
        found: defaultdict[ast.AST, list[_Run]] = defaultdict(list)
        for frame, run in self.runs.items():
            if frame.function is not None:
                found[frame.function.node].append(run)
        return found


def _targets(node: ast.stmt, target: ast.Name) -> bool:
    """Whether a name is a target of the statement itself, and not of a call that it makes."""
    tops = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(each is target for top in tops if top is not None for each in ast.walk(top))


def _same(left: Sequence[Dim] | None, right: Sequence[Dim] | None) -> Sequence[Dim] | None:
    """What two rounds of a loop agree on: a size that differs is not known."""
    if left is None or right is None or len(left) != len(right):
        return None
    return tuple(a if a == b else None for a, b in zip(left, right, strict=True))


def _agreed(left: Sizes, right: Sizes) -> Sizes:
    """What two calls agree on."""
    if left is None or right is None or len(left) != len(right):
        return None
    return [a if a == b else show(None) for a, b in zip(left, right, strict=True)]


def shape_hints(program: Program, trees: Mapping[str, Tree], path: str) -> list[ShapeHint]:
    """A hint for each assignment in a `forward` of a file by which a name gets a tensor of known rank."""
    watcher = _Watcher(path)
    run_program(machine_for(program, trees, language=replace(PYTHON, execute=watcher.execute, assign=watcher.assign)))
    hints: list[ShapeHint] = []
    for runs in watcher.by_function().values():
        shapes: defaultdict[ast.stmt, dict[str, Sizes]] = defaultdict(dict)
        # What the program calls it with says more than the run in which nobody calls it.
        for run in [each for each in runs if not each.alone] or runs:
            for (node, name), sizes in run.in_words().items():
                shapes[node][name] = _agreed(shapes[node][name], sizes) if name in shapes[node] else sizes
        for node, by_name in shapes.items():
            known = tuple((name, _bracketed(sizes)) for name, sizes in by_name.items() if sizes is not None)
            if known:
                hints.append(ShapeHint(trees[path].span(node).end, known))
    return sorted(hints, key=lambda hint: hint.position)


def _bracketed(sizes: Sequence[str]) -> str:
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"
