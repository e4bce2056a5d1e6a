"""The trees of a program's files, each parsed when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from torchlint.project.source import Source
from torchlint.syntax.tree import SyntaxProblem, Tree, parse


class Trees(Mapping[str, Tree]):
    """A tree for each path; none for a file that is no Python, which shows when it is asked for."""

    def __init__(self, sources: Mapping[str, Source], read: Callable[[Source], Tree] = parse) -> None:
        self._sources, self._read = sources, read
        self._known: dict[str, Tree | SyntaxProblem] = {}

    def problem(self, path: str) -> SyntaxProblem | None:
        """What is wrong with a file, if it is no Python."""
        found = self._parsed(path)
        return found if isinstance(found, SyntaxProblem) else None

    def __getitem__(self, path: str) -> Tree:
        found = self._parsed(path)
        if isinstance(found, SyntaxProblem):
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def _parsed(self, path: str) -> Tree | SyntaxProblem:
        if path not in self._known:
            try:
                self._known[path] = self._read(self._sources[path])
            except SyntaxProblem as problem:
                self._known[path] = problem.with_traceback(None)
        return self._known[path]
