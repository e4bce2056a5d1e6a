"""A program in, diagnostics out: no files are read or written here."""

from __future__ import annotations

from collections.abc import Iterable

from torchlint.diagnostic import Diagnostic
from torchlint.program import Program
from torchlint.rule import Rule


def lint(program: Program, rules: Iterable[Rule]) -> list[Diagnostic]:
    """Every report of `rules` in the linted files of `program`, in order of file and place."""
    raise NotImplementedError
