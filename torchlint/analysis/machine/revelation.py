"""Something unknown that turns out to be a tensor, because a layer of torch takes it before or later."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from torchlint.analysis.values.abstract import UNKNOWN, Frame, Tensor, Unknown, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.guards import conditions, way


@dataclass(slots=True)
class TurnedOut:
    """What layers took, and what is to be told of a value once a layer takes it; both by identity.

    `asked` are the places where a value is written, with whether they are reached by a question for its type.
    """

    emit: Callable[[object], None]
    taken: dict[int, Value] = field(default_factory=dict)
    asked: dict[ast.AST, bool] = field(default_factory=dict)
    waiting: dict[int, list[tuple[Value, Callable[[Tensor], object]]]] = field(default_factory=dict)

    def tell(self, value: Value, receiver: Site, fact: Callable[[Tensor], object]) -> None:
        """Tell a fact of something unknown, written at `receiver`, if it turns out to be a tensor."""
        if not isinstance(value, Unknown) or value is UNKNOWN or self._asked(receiver):
            return
        if id(value) in self.taken:
            self.emit(fact(Tensor(site=value.site)))
        else:
            self.waiting.setdefault(id(value), []).append((value, fact))

    def _asked(self, receiver: Site) -> bool:
        if receiver.node not in self.asked:
            self.asked[receiver.node] = _asked_for_its_type(receiver)
        return self.asked[receiver.node]

    def is_open(self, value: Value) -> bool:
        """Whether something unknown has not turned out to be a tensor so far."""
        return isinstance(value, Unknown) and value is not UNKNOWN and id(value) not in self.taken

    def is_taken(self, value: Value, frame: Frame, call: Site) -> None:
        """Note that a layer takes a value, unless the way there asked for the type of what is handed on."""
        if self.is_open(value) and not any(self._asked(each.at(argument)) for _, each in way(frame, call) for argument in _arguments(each)):
            self.is_tensor(value)

    def is_tensor(self, value: Value) -> None:
        """Note that a value is a tensor."""
        if isinstance(value, Unknown) and self.is_open(value):
            self.taken[id(value)] = value
            for _, fact in self.waiting.pop(id(value), ()):
                self.emit(fact(Tensor(site=value.site)))


def _arguments(call: Site) -> list[ast.expr]:
    return [*call.node.args, *(each.value for each in call.node.keywords)] if isinstance(call.node, ast.Call) else []


def _asked_for_its_type(receiver: Site) -> bool:
    """Whether a place is reached by way of a function that was given the value: `isinstance(x, Image)`."""
    text = receiver.text
    calls = (each for test in conditions(receiver) for each in ast.walk(test) if isinstance(each, ast.Call))
    return any(receiver.at(argument).text == text for call in calls for argument in call.args)
