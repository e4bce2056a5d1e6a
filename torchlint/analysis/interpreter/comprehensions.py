"""Comprehensions: lists, sets, dicts and generators written as loops."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from torchlint.analysis.interpreter.expressions import note_repeated, tested
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import UNKNOWN, Const, Dict, List, Tuple, Value
from torchlint.analysis.values.events import LoopRun, Round
from torchlint.analysis.values.inspection import known_items, of_set, origin_of, uncounted
from torchlint.analysis.values.join import join_all
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS, LAST
from torchlint.analysis.values.trail import MISSING

_MOST_ROUNDS = 64


def comprehension(machine: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
    items: list[Value] = []
    complete = _scoped(machine, node.generators, lambda: items.append(machine.eval(node.elt)))
    if complete is None:
        return List({ITEMS: None, ELEMENT: UNKNOWN}, machine.site(node))
    if isinstance(node.elt, ast.Name) and items and (len(items) > 1 or not complete) and all(each is items[0] for each in items) and node.elt.id not in _targets(node.generators):
        note_repeated(machine, items[:1], node)
    counted = of_set(tuple(items)) if isinstance(node, ast.SetComp) else tuple(items)
    if complete and counted is not None:
        return List({ITEMS: counted}, machine.site(node))
    return List({**uncounted((Tuple(tuple(items)),)), LAST: join_all(items)}, machine.site(node))


def dict_comprehension(machine: Machine, node: ast.DictComp) -> Value:
    entries: dict[Any, Value] = {}
    values: list[Value] = []
    keys: list[Value] = []

    def produce() -> None:
        key, value = machine.eval(node.key), machine.eval(node.value)
        keys.append(key)
        values.append(value)
        if isinstance(key, Const):
            entries[key.value] = value

    complete = _scoped(machine, node.generators, produce)
    if complete is None:
        return Dict({ENTRIES: None, ELEMENT: UNKNOWN}, machine.site(node))
    known = complete and all(isinstance(key, Const) for key in keys)
    return Dict({ENTRIES: entries if known else None, ELEMENT: join_all(values)}, machine.site(node))


def _scoped(machine: Machine, generators: Sequence[ast.comprehension], produce: Callable[[], object]) -> bool | None:
    """Run a comprehension, as `_generate` does; what its names are bound to outside stays as it is."""
    store = machine.frame.locals
    outside = {name: store.get(name, MISSING) for name in _targets(generators)}
    complete = _generate(machine, generators, produce)
    for name, value in outside.items():
        machine.trail.restore(store, name, value, of_object=machine.frame.function is None)
    return complete


def _generate(machine: Machine, generators: Sequence[ast.comprehension], produce: Callable[[], object]) -> bool | None:
    """Run a comprehension; whether every element was produced and no other, None where it was given up for want of budget."""
    if not generators:
        produce()
        return True
    first, rest = generators[0], generators[1:]
    source = machine.eval(first.iter)
    items = known_items(source)
    complete = items is not None and len(items) <= _MOST_ROUNDS
    rounds = items if items is not None and complete else (machine.iterated(source, first.iter),)
    outside = machine.rounds
    run = LoopRun(machine.site(first.iter), machine.frame, origin_of(source), len(items) if items is not None else None, machine.arms, machine.trail.mark())
    given_up = False
    for index, item in enumerate(rounds):
        machine.charge()
        if index and machine.spent:
            given_up = machine.exhausted = True
            break
        machine.rounds = (*outside, Round(run, index))
        machine.assign(first.target, item)
        verdicts = [tested(machine, condition) for condition in first.ifs]
        if False in verdicts and complete:
            continue
        if None in verdicts:
            complete = False
        produced = _generate(machine, rest, produce)
        given_up = given_up or produced is None
        complete = bool(produced) and complete
    machine.rounds = outside
    return None if given_up else complete


def _targets(generators: Sequence[ast.comprehension]) -> set[str]:
    """The names that a comprehension binds."""
    return {each.id for part in generators for each in ast.walk(part.target) if isinstance(each, ast.Name)}
