"""Which loops over known elements are run element by element: those that build layers, not ten epochs of training."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from torchlint.analysis.machine.machine import Limits

FEW_ROUNDS = 4
_CALLS_DEEP = 3

CalledBody = Callable[[ast.Call], Sequence[ast.stmt]]


def worth_unrolling(node: ast.For | ast.AsyncFor, count: int, called_body: CalledBody, limits: Limits) -> bool:
    """Whether a loop of `count` rounds is run for each of its elements: always where they are few.

    `called_body` gives the body of the function that a call runs, where that is known.
    """
    if count <= FEW_ROUNDS:
        return True
    return count <= limits.rounds and count * _weight(node.body, called_body, 0, limits.looped) <= limits.looped


def _weight(body: Sequence[ast.stmt], called_body: CalledBody, depth: int, most: int) -> int:
    """About how many statements a body runs, counted up to `most`; a loop in it counts for several rounds."""
    weight = 0
    for each in body:
        weight += 1
        inner = sum(_weight(getattr(each, part, []), called_body, depth, most) for part in ("body", "orelse", "finalbody"))
        weight += 4 * inner if isinstance(each, ast.For | ast.AsyncFor | ast.While) else inner
        if weight > most:
            return weight
        if depth < _CALLS_DEEP:
            weight += sum(_weight(called_body(call), called_body, depth + 1, most) for call in _own_calls(each))
    return weight


def _own_calls(node: ast.stmt) -> list[ast.Call]:
    """The calls that a statement's own expressions make."""
    heads = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
    return [each for head in heads for each in ast.walk(head) if isinstance(each, ast.Call)]
