"""What was worked out once, and is not worked out again."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from torchlint.analysis.machine.outcome import Outcome


@dataclass(slots=True, eq=False)
class Memo:
    """What calls came to, by function and arguments; which functions are generators; what loops assign;
    the names that the program around a file calls with gradients off."""

    outcomes: dict[tuple[Any, ...], Outcome] = field(default_factory=dict)
    generators: dict[ast.AST, bool] = field(default_factory=dict)
    targets: dict[ast.AST, list[Any]] = field(default_factory=dict)
    guarded: dict[str, frozenset[str]] = field(default_factory=dict)
