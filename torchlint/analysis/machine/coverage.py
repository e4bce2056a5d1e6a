"""Which of the program's definitions were run."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Coverage:
    """Functions that were `called` and classes that were `instantiated`.

    `left_out` are the functions whose calls were not run for want of budget, and whether gradients were on there;
    `allowed` is how much work that is no statement is free in the next entry point of a file.
    """

    called: set[ast.AST] = field(default_factory=set)
    instantiated: set[ast.AST] = field(default_factory=set)
    left_out: dict[ast.AST, set[bool | None]] = field(default_factory=dict)
    allowed: dict[str, int] = field(default_factory=dict)
