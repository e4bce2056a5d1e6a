"""Comprehensions: lists, sets, dicts and generators written as loops."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from torchlint.semantics.events import LoopRun, Round
from torchlint.semantics.inspection import known_items, origin_of, uncounted
from torchlint.semantics.join import join_all
from torchlint.semantics.machine import Machine
from torchlint.semantics.trail import MISSING
from torchlint.semantics.values import LAST, Const, Dict, Instance, List, Tuple, Value

_MOST_ROUNDS = 64


class Comprehensions(Machine):
    """The running of comprehensions."""

    def iterated(self, value: Value, node: ast.AST) -> Value:
        raise NotImplementedError

    def test(self, node: ast.expr) -> bool | None:
        raise NotImplementedError

    def note_repeated(self, items: Sequence[Value], node: ast.AST) -> None:
        """Note layers that stand several times in one list."""
        for each in items:
            if isinstance(each, Instance):
                self.repeated.setdefault(id(each.store), (self.site(node), each))

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
        items: list[Value] = []
        complete = self._scoped(node.generators, lambda: items.append(self.eval(node.elt)))
        if isinstance(node.elt, ast.Name) and items and (len(items) > 1 or not complete) and all(each is items[0] for each in items) and node.elt.id not in _targets(node.generators):
            self.note_repeated(items[:1], node)
        if complete:
            return List({"items": tuple(items)}, self.site(node))
        return List({**uncounted((Tuple(tuple(items)),)), LAST: join_all(items)}, self.site(node))

    def _dict_comprehension(self, node: ast.DictComp) -> Value:
        entries: dict[Any, Value] = {}
        values: list[Value] = []
        keys: list[Value] = []

        def produce() -> None:
            key, value = self.eval(node.key), self.eval(node.value)
            keys.append(key)
            values.append(value)
            if isinstance(key, Const):
                entries[key.value] = value

        complete = self._scoped(node.generators, produce)
        known = complete and all(isinstance(key, Const) for key in keys)
        return Dict({"entries": entries if known else None, "element": join_all(values)}, self.site(node))

    def _scoped(self, generators: Sequence[ast.comprehension], produce: Callable[[], object]) -> bool:
        """Run a comprehension; what its names are bound to outside stays as it is."""
        store = self.frame.locals
        outside = {name: store.get(name, MISSING) for name in _targets(generators)}
        complete = self._generate(generators, produce)
        for name, value in outside.items():
            self.trail.restore(store, name, value, of_object=self.frame.function is None)
        return complete

    def _generate(self, generators: Sequence[ast.comprehension], produce: Callable[[], object]) -> bool:
        """Run a comprehension; whether every element was produced and no other."""
        if not generators:
            produce()
            return True
        first, rest = generators[0], generators[1:]
        source = self.eval(first.iter)
        items = known_items(source)
        complete = items is not None and len(items) <= _MOST_ROUNDS
        rounds = items if items is not None and complete else (self.iterated(source, first.iter),)
        outside = self.rounds
        run = LoopRun(self.site(first.iter), self.frame, origin_of(source), len(items) if items is not None else None, self.arms, self.trail.mark())
        for index, item in enumerate(rounds):
            self.rounds = (*outside, Round(run, index))
            self.assign(first.target, item)
            verdicts = [self.test(condition) for condition in first.ifs]
            if False in verdicts and complete:
                continue
            if None in verdicts:
                complete = False
            complete = self._generate(rest, produce) and complete
        self.rounds = outside
        return complete


def _targets(generators: Sequence[ast.comprehension]) -> set[str]:
    """The names that a comprehension binds."""
    return {each.id for part in generators for each in ast.walk(part.target) if isinstance(each, ast.Name)}
