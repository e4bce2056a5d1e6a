"""One activation of a function, a class body or a file's top level."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from torchlint.semantics.classes import is_module
from torchlint.semantics.site import Site
from torchlint.semantics.trail import Delta
from torchlint.semantics.values import Function, Store, Value
from torchlint.syntax.tree import Tree


@dataclass(slots=True, eq=False)
class LoopState:
    """A loop that is being run: the state before its body and the ways out of it."""

    site: Site
    mark: int
    breaks: list[Delta] = field(default_factory=list)
    continues: list[Delta] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class TryState:
    """A try statement that is being run, and the states in which its body may have raised."""

    mark: int
    raised: list[Delta] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Frame:
    """What a running function knows of itself.

    `exits` are the ways out: what each gives, what it changed (None where that is still the present state), and the
    length of the trail's log. `alone` is true where nobody in the program calls the function: its arguments are unknown. `cost` is
    what each of its statements takes from the budget.
    """

    tree: Tree
    locals: Store
    scopes: tuple[Store, ...]
    function: Function | None = None
    receiver: Value | None = None
    caller: Frame | None = None
    call: ast.AST | None = None
    alone: bool = False
    class_body: bool = False
    mark: int = 0
    depth: int = 0
    exits: list[tuple[Value, Delta | None, int]] = field(default_factory=list)
    loops: list[LoopState] = field(default_factory=list)
    tries: list[TryState] = field(default_factory=list)
    globals: frozenset[str] = frozenset()
    nonlocals: frozenset[str] = frozenset()
    yields: list[tuple[Value, bool | None]] = field(default_factory=list)
    trace_start: int = 0
    cost: int = 1

    @property
    def name(self) -> str:
        return self.function.name if self.function else ""

    @property
    def file_scope(self) -> Store:
        """The names of the file's top level."""
        return self.scopes[0] if self.scopes else self.locals

    @property
    def forward(self) -> Frame | None:
        """The innermost running `forward` of a module that this is, or is called by."""
        frame: Frame | None = self
        while frame is not None:
            function = frame.function
            if function is not None and function.name == "forward" and is_module(frame.receiver):
                return frame
            frame = frame.caller
        return None

    def site(self, node: ast.AST) -> Site:
        return Site(self.tree, node)
