"""Files that are one program, as the linter takes them: texts, no file system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torchlint.project.source import Source

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """Files that import one another, which of them are linted, and where imports are looked up.

    `sources` maps each path (POSIX, as shown to the user) to its text. `linted` are the paths whose
    diagnostics are wanted; the other files only lend facts. `roots` are the folders that Python
    would have on `sys.path` besides a script's own folder (the project's root, its `src`). `leading`
    are the linted files and those that import them, directly or not: only what they run can reach a
    linted file. None stands for all files. `imports` are the files that each file imports, where that was worked out. `targets` are the oldest torch that each file's project supports,
    by path, where that is known: (2, 3) for 2.3.
    """

    sources: Mapping[str, Source]
    linted: frozenset[str]
    roots: tuple[str, ...] = ()
    leading: frozenset[str] | None = None
    imports: Mapping[str, frozenset[str]] | None = None
    targets: Mapping[str, Version] = field(default_factory=dict)

    @property
    def entries(self) -> list[str]:
        """The files that are run on their own, the linted ones first; the others run when they are imported."""
        leading = [path for path in self.sources if self.leading is None or path in self.leading]
        return sorted(leading, key=lambda path: path not in self.linted)

    def with_sources(self, sources: Mapping[str, Source]) -> Program:
        """The same program with other texts, or without some of its files."""
        return replace(self, sources=sources, linted=self.linted.intersection(sources))
