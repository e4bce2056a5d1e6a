"""What the run of one file's own entries uses, asks, does and finds: each file's entries are answered for on their own."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from torchlint.analysis.facts.passes import Passes
from torchlint.analysis.machine.outcome import Outcome
from torchlint.analysis.machine.pending import Pending

Question = tuple[str, ...]


@dataclass(slots=True, eq=False)
class Unit:
    """The entries of one file: its top level, and its definitions that nobody calls.

    `touched` are the files whose code they ran or whose names they read, `at_top` those that what made the file's own names did. `asked` are the questions about what surrounds files ("says", path, word; "imported", path; what trees decide, path, words)
    with their answers. `marks` are the places at which they did what other entries ask about when all was run
    ("trains": a loop, a function or a call is part of training; "optimised": a tensor that is made there is given to an optimizer); `checked` are the
    marks that they asked about themselves. What is told when all was run waits in `pending` and `passes`; `reached` has for
    each function the last entry point that ran it, and how many did; `outcomes` are what calls came to, by function and arguments.
    """

    path: str
    touched: set[str] = field(default_factory=set)
    at_top: set[str] = field(default_factory=set)
    asked: dict[Question, bool] = field(default_factory=dict)
    marks: set[Question] = field(default_factory=set)
    checked: dict[Question, bool] = field(default_factory=dict)
    pending: Pending = field(default_factory=Pending)
    passes: Passes = field(default_factory=Passes)
    reached: dict[ast.AST, tuple[int, int]] = field(default_factory=dict)
    outcomes: dict[tuple[Any, ...], Outcome] = field(default_factory=dict)
