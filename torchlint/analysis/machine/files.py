"""The files of a program while it is run: each with its tree, its globals, and what of its top level was run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from torchlint.analysis.values.store import Store
from torchlint.syntax.bindings import Bindings
from torchlint.syntax.tree import Tree


@dataclass(slots=True, eq=False)
class FileState:
    """One file of the program: its tree, its globals, whether its body has been run, and run out of budget.

    `pending` are the names that were not asked for yet, `ran` the statements that need not be run again; `lending` are the files
    whose every name it imports, `asked` what was looked for there.
    """

    tree: Tree
    entry: int
    globals: Store = field(default_factory=dict)
    is_run: bool = False
    exhausted: bool = False
    bindings: Bindings | None = None
    pending: set[str] = field(default_factory=set)
    ran: set[ast.stmt] = field(default_factory=set)
    lending: Sequence[str] = ()
    asked: set[tuple[str, str]] = field(default_factory=set)

    def may_make(self, name: str) -> bool:
        """Whether a global name that is not there may be made when it is asked for."""
        return name in self.pending or bool(self.lending)


class Files:
    """The files of a program by path, each with its tree from when it is first asked for; none for one that is no Python."""

    def __init__(self, trees: Mapping[str, Tree], entries: Iterator[int]) -> None:
        self._trees, self._entries = trees, entries
        self._states: dict[str, FileState] = {}

    def __getitem__(self, path: str) -> FileState:
        state = self.get(path)
        if state is None:
            raise KeyError(path)
        return state

    def __contains__(self, path: str) -> bool:
        return self.get(path) is not None

    def is_read(self, path: str) -> bool:
        """Whether a file has been asked for before."""
        return path in self._states

    def read(self, path: str) -> FileState | None:
        """A file that has been asked for before."""
        return self._states.get(path)

    def get(self, path: str) -> FileState | None:
        if path not in self._states and path in self._trees:
            self._states[path] = FileState(self._trees[path], next(self._entries))
        return self._states.get(path)
