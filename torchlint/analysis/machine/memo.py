"""What was worked out once, and is not worked out again."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Memo:
    """Which functions are generators; what loops assign."""

    generators: dict[ast.AST, bool] = field(default_factory=dict)
    targets: dict[ast.AST, list[Any]] = field(default_factory=dict)
