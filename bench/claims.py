"""What torchlint says of each expression of a program, in a form that can be compared with what a run of it saw.

A *claim* belongs to a place (an expression) and to a way there: the calls that were followed from an entry. Of an entry
that is run on its own, with arguments of which nothing is known, a claim must hold in every real run of it; of one that
is followed from known arguments, in the real runs that came by the same calls. Where an expression was evaluated
several times on one way (the rounds of a loop, a function that is called again), a run must agree with one of the
values; if one of them is unknown nothing is claimed. Of a loop of which not all rounds are followed, only what those that are
have in common is claimed, and not how much a container holds.

Assumed, and no claims, are: where an entry is run on its own, that gradients are on and that `self` is of the very class (or `cls` that class)
whose method it is (runs in which that is not so are not compared, but for the claim that gradients are off); that what a
parameter's annotation says is so; and that there is CUDA where a program asks for it. What a call came to before with the same arguments is
not worked out again, and what the budget does not allow for not at all, so nothing is claimed inside of a function on a way on which that happened.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from observing import place_of, span_of

from torchlint.analysis.entries import run_program
from torchlint.analysis.interpret import PYTHON, machine_for
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.machine.outcome import Outcome
from torchlint.analysis.machine.unit import Unit
from torchlint.analysis.values.abstract import (
    Array,
    Class,
    Const,
    Dict,
    Frame,
    Function,
    Instance,
    Library,
    List,
    Method,
    OneOf,
    Partial,
    ProjectFile,
    Size,
    Tensor,
    Tuple,
    Value,
)
from torchlint.analysis.values.classes import is_module
from torchlint.analysis.values.inspection import truth
from torchlint.analysis.values.store import ENTRIES, ITEMS
from torchlint.lint.linter import settings
from torchlint.project.program import Program
from torchlint.syntax.trees import Trees

_DEPTH, _MOST = 2, 24
# The origin of what is known from an annotation alone, and that of a question that is answered as if there were CUDA.
ANNOTATION, CUDA = "annotation", "call of torch.cuda.is_available"

Way = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a value: `kind` is that of the abstract value, `facts` what is known of it besides."""

    kind: str
    facts: tuple[tuple[str, Any], ...] = ()
    origin: str = ""

    def fact(self, name: str) -> Any:
        return dict(self.facts).get(name)


@dataclass(slots=True)
class Claim:
    """What was said of an expression on one way: the values it may have, and the gradient modes in which it was evaluated.

    `alone` is the class whose method the way starts in where that is run on its own, "" where that is a function; `partial` says
    that it stands in a loop of which not all rounds were followed. `functions` are those that run, innermost first.
    It is `whole` if nothing is missing of what the way leads to.
    """

    alone: str | None
    values: set[Said] = field(default_factory=set)
    grads: set[bool | None] = field(default_factory=set)
    functions: tuple[ast.AST | None, ...] = ()
    known: bool = True
    partial: bool = False
    whole: bool = True

    def add(self, said: Said | None, grad: bool | None, partial: bool) -> None:
        self.grads.add(grad)
        self.partial = self.partial or partial
        self.known = self.known and said is not None and len(self.values) <= _MOST
        if self.known and said is not None:
            self.values.add(said)


Claims = dict[str, dict[Way, Claim]]


class _Listener:
    """Stands around the evaluation of expressions, and keeps what each of them came to."""

    def __init__(self) -> None:
        self.claims: defaultdict[str, dict[Way, Claim]] = defaultdict(dict)
        self._places: dict[ast.AST, str] = {}
        self._ways: dict[Frame, tuple[Way, str | None, tuple[ast.AST | None, ...]]] = {}
        # Functions whose outcome was known already, or that were left out, and the ways to where they were called.
        self.remembered: set[tuple[int, Way]] = set()
        # Of each entry, the claims in loops, and whether its budget ran out, so that a loop may have been left before its end.
        self._looped: defaultdict[int, list[Claim]] = defaultdict(list)
        self._cut: set[int] = set()

    def around(self, evaluate: Callable[[Machine, Any], Value]) -> Callable[[Machine, Any], Value]:
        return partial(self._evaluated, evaluate)

    def _evaluated(self, evaluate: Callable[[Machine, Any], Value], machine: Machine, node: Any) -> Value:
        frame, grad = machine.frame, machine.grad
        value = evaluate(machine, node)
        if machine.untaken or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or not hasattr(node, "lineno"):
            return value
        if node not in self._places:
            self._places[node] = place_of(frame.tree.path, node)
        self.way(frame)
        way, alone, functions = self._ways[frame]
        claim = self.claims[self._places[node]].setdefault(way, Claim(alone, functions=functions))
        claim.add(said(value, machine, node), grad, any(each.loop.count is None for each in machine.rounds))
        if machine.rounds:
            self._looped[machine.entry].append(claim)
        if machine.spent or machine.budget <= 0:
            self._cut.add(machine.entry)
        return value

    def way(self, frame: Frame) -> Way:
        """The calls that were followed to a frame."""
        if frame not in self._ways:
            self._ways[frame] = _way(frame)
        return self._ways[frame][0]

    def found(self) -> Claims:
        """All claims; in loops of entries whose budget ran out it is not known which rounds were left out."""
        for entry in self._cut:
            for claim in self._looped[entry]:
                claim.whole = False
        for ways in self.claims.values():
            for way, claim in ways.items():
                claim.whole = claim.whole and not any((id(function), way[index + 1 :]) in self.remembered for index, function in enumerate(claim.functions[: len(way)]))
        return self.claims


class _Outcomes(dict[tuple[Any, ...], Outcome]):
    """What calls came to, which tells whenever it is asked for one that it has."""

    def __init__(self, found: Callable[[int], None]) -> None:
        super().__init__()
        self._found = found

    def get(self, key: Any, default: Any = None) -> Any:
        outcome = super().get(key, default)
        if outcome is not None:
            self._found(key[0])
        return outcome


class _LeftOut(dict[ast.AST, set[bool | None]]):
    """The functions whose calls were not run for want of budget, which tells of each."""

    def __init__(self, found: Callable[[ast.AST], None]) -> None:
        super().__init__()
        self._found = found

    def setdefault(self, key: ast.AST, default: Any = None) -> Any:
        self._found(key)
        return super().setdefault(key, default)


def _way(frame: Frame) -> tuple[Way, str | None, tuple[ast.AST | None, ...]]:
    """The calls that were followed to a frame, innermost first, what is run on its own where they start, and the functions that run."""
    way: list[str] = []
    functions: list[ast.AST | None] = []
    current: Frame | None = frame
    while current is not None:
        if current.call is not None or current.alone:
            functions.append(None if current.function is None else current.function.node)
        if current.alone:
            cls = current.receiver.cls if isinstance(current.receiver, Instance) else current.receiver
            return tuple(way), cls.name if isinstance(cls, Class) else "", tuple(functions)
        if current.call is not None and current.caller is not None:
            way.append(f"{current.caller.tree.path}:{span_of(current.call)}")
        current = current.caller
    return tuple(way), None, tuple(functions)


def said(value: Value, machine: Machine, node: ast.AST | None = None, depth: int = _DEPTH) -> Said | None:
    """A value's facts; None where nothing is known of it."""
    facts: dict[str, Any] = {}
    origin = _origin(value, node)
    match value:
        case OneOf():
            each = [said(one, machine, None, depth) for one in value.alternatives]
            return None if None in each else Said("OneOf", (("of", tuple(each)),), origin)
        case Const():
            return Said("Const", (("class", type(value.value).__name__), ("value", repr(value.value))), origin)
        case Size():
            return Said("Size", (("dim", value.dim),), origin)
        case Tensor():
            facts = _of_tensor(value)
        case Array():
            facts = {"of": value.kind, "shape": value.shape, "dtype": value.dtype}
        case Tuple():
            facts = {"length": len(value.items)}
            if depth:
                facts["items"] = tuple(said(item, machine, None, depth - 1) for item in value.items[:8])
        case List():
            items = value.store.get(ITEMS)
            facts = {"length": None if items is None else len(items)}
            if depth and items is not None:
                facts["items"] = tuple(said(item, machine, None, depth - 1) for item in items[:8])
        case Dict():
            entries = value.store.get(ENTRIES)
            facts = {"keys": None if entries is None else tuple(sorted(map(repr, entries)))}
        case Instance():
            facts = {"class": value.cls if isinstance(value.cls, str) else value.cls.name}
            if is_module(value):
                facts["training"] = machine.mode(value)
        case Class():
            facts = {"name": value.name}
        case Function() | Method():
            function = value.function if isinstance(value, Method) else value
            facts = {"name": function.name}
            return Said("Function", tuple(facts.items()), origin)
        case Library():
            facts = {"name": value.name}
        case Partial() | ProjectFile():
            pass
        case _:
            return None
    facts["truth"] = truth(value)
    return Said(type(value).__name__, tuple((name, fact) for name, fact in facts.items() if fact is not None), origin)


def _of_tensor(tensor: Tensor) -> dict[str, Any]:
    activation = tensor.activation.kind if tensor.activation else None
    tail = tensor.tail if tensor.shape is None else None
    facts = {"shape": tensor.shape, "tail": tail, "dtype": tensor.dtype, "requires_grad": tensor.requires_grad, "leaf": tensor.leaf}
    return facts | {"device": tensor.device, "activation": activation, "parameter": tensor.parameter or None}


def _origin(value: Value, node: ast.AST | None) -> str:
    """The operation that made a value, as far as it can be named."""
    if isinstance(value, Tensor) and value.op:
        return value.op
    if (isinstance(value, Tensor) or (isinstance(value, Instance) and value.cls == "torch.nn.Module")) and value.site is None:
        return ANNOTATION
    if node is not None and "is_available" in ast.unparse(node):
        return CUDA
    if isinstance(node, ast.Call):
        return f"call of {ast.unparse(node.func)[-40:]}"
    if isinstance(node, ast.Attribute):
        return f"attribute {node.attr}"
    return "" if node is None else type(node).__name__


def claims_of(programs: Sequence[Program]) -> Claims:
    """What is said of each expression of some programs, by its place and the ways there."""
    listener = _Listener()
    expressions = {kind: listener.around(evaluate) for kind, evaluate in PYTHON.expressions.items()}
    with settings():
        for program in programs:
            machine = machine_for(program, Trees(program.sources), language=replace(PYTHON, expressions=expressions))
            machine.coverage.left_out = _LeftOut(lambda function, machine=machine: listener.remembered.add((id(function), listener.way(machine.frame))))
            remembered = _Outcomes(lambda function, machine=machine: listener.remembered.add((function, listener.way(machine.frame))))
            machine.units = {path: Unit(path, outcomes=remembered) for path in program.sources}
            run_program(machine)
    return listener.found()
