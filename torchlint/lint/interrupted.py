"""A run that a person ends."""

from __future__ import annotations

from torchlint.diagnostic import Diagnostic

# The exit code of a run that a person ended, as of every program that SIGINT ends.
INTERRUPTED = 130


class Interrupted(KeyboardInterrupt):
    """A run was ended from outside: what was `found` until then, in order, in the `done` of so many programs."""

    def __init__(self, found: list[Diagnostic], done: int, total: int) -> None:
        super().__init__()
        self.found, self.done, self.total = found, done, total
