"""Files that are one program, as the linter takes them: texts, no file system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torchlint.source import Source


@dataclass(frozen=True, slots=True)
class Program:
    """Files that import one another, which of them are linted, and where imports are looked up.

    `sources` maps each path (POSIX, as shown to the user) to its text. `linted` are the paths whose
    diagnostics are wanted; the other files only lend facts. `roots` are the folders that Python
    would have on `sys.path` besides a script's own folder (the project's root, its `src`).
    """

    sources: Mapping[str, Source]
    linted: frozenset[str]
    roots: tuple[str, ...] = ()
