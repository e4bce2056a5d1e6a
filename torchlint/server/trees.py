"""Parsed files by their content, so that an edit of one file parses that file alone."""

from __future__ import annotations

from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.syntax.tree import SyntaxProblem, Tree, parse


class Trees:
    """Each file's latest tree, or what is wrong with its text, and the last tree that it had."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Tree | SyntaxProblem]] = {}
        self._last: dict[str, Tree] = {}

    def read(self, source: Source) -> Tree:
        """The tree of a file. Raises SyntaxProblem."""
        known = self._known.get(source.path)
        if known is None or known[0] != source.text:
            try:
                known = (source.text, parse(source))
            except SyntaxProblem as problem:
                known = (source.text, problem)
            self._known[source.path] = known
        if isinstance(known[1], SyntaxProblem):
            raise known[1].with_traceback(None)
        self._last[source.path] = known[1]
        return known[1]

    def lasting(self, program: Program) -> tuple[Program, dict[str, Tree]]:
        """A program whose broken files are as they last were, or left out, and its trees."""
        trees: dict[str, Tree] = {}
        for path, source in program.sources.items():
            try:
                trees[path] = self.read(source)
            except SyntaxProblem:
                if path in self._last:
                    trees[path] = self._last[path]
        sources = {path: tree.source for path, tree in trees.items()}
        return program.with_sources(sources), trees

    def keep(self, paths: set[str]) -> None:
        """Forget the files that are none of these."""
        for table in (self._known, self._last):
            for path in table.keys() - paths:
                del table[path]
