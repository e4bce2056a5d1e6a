"""A bar for runs that take longer than a second, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from torchlint.lint.workers import Progress

_PATIENCE = 1.0


@contextmanager
def progress(wanted: bool) -> Iterator[Progress | None]:
    """What to tell of the programs done; nothing is shown in the first second, or where no one looks."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    start = time.monotonic()
    shown: list[Bar] = []

    def tell(done: int, total: int) -> None:
        if time.monotonic() - start < _PATIENCE:
            return
        if not shown:
            from rich.console import Console
            from rich.progress import Progress as Bar

            bar = Bar(console=Console(stderr=True), transient=True)
            bar.add_task("Linting", total=total)
            bar.start()
            shown.append(bar)
        shown[0].update(shown[0].task_ids[0], completed=done)

    try:
        yield tell
    finally:
        for bar in shown:
            bar.stop()
