"""What surrounds a file in its program: the files that lead to it, and all that these import."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from torchlint.project.code import code_of
from torchlint.project.program import Program
from torchlint.project.scanning import called_in_blocks

_BUILTINS = frozenset(dir(builtins))


class Around:
    """The surroundings of each file, worked out when they are asked for: what is true there is true whichever files are linted."""

    questions = ("says", "imported")

    def __init__(self, program: Program) -> None:
        self._program = program
        self._importers = reverse(program.imports or {})
        self._known: dict[str, tuple[str, ...]] = {}
        self._said: dict[tuple[str, str], bool] = {}
        self._called: dict[str, frozenset[str]] = {}
        self._codes: dict[str, str] = {}
        self._stands: dict[tuple[str, str], bool] = {}

    def of(self, path: str) -> tuple[str, ...]:
        """The paths around a file, sorted; the whole program, where it is not known who imports whom."""
        imports = self._program.imports
        if imports is None:
            return tuple(sorted(self._program.sources))
        if path not in self._known:
            leading = closure([path], self._importers)
            self._known[path] = tuple(sorted(closure(leading, imports)))
        return self._known[path]

    def is_imported(self, path: str) -> bool:
        """Whether any other file imports a file; taken for granted where it is not known."""
        return path in self._importers or (self._program.imports is None and len(self._program.sources) > 1)

    def answer(self, question: tuple[str, ...]) -> bool:
        """The answer to a question that texts alone decide: ("says", path, word), ("imported", path)."""
        match question:
            case "says", path, word:
                return self.says(path, word)
            case "imported", path:
                return self.is_imported(path)
        raise ValueError(question)

    def may_offer(self, path: str, name: str) -> bool:
        """Whether a file may have a global name for all who import its names: it stands there, or in a file whose names it passes on."""
        imports, seen, pending = self._program.imports, {path}, [path]
        while pending:
            each = pending.pop()
            listed = self.stands("__all__", each) and not self.stands(".__all__", each)
            if self._lists(name, each) if listed else self.stands(name, each) and (name not in _BUILTINS or self._binds(name, each)):
                return True
            if not listed and self.stands("import *", each):
                if imports is None:
                    return True
                pending += imports.get(each, frozenset()) - seen
                seen |= imports.get(each, frozenset())
        return False

    def _code(self, path: str) -> str:
        if path not in self._codes:
            self._codes[path] = code_of(self._program.sources[path].text)
        return self._codes[path]

    def _lists(self, name: str, path: str) -> bool:
        """Whether a file whose `__all__` says what it offers may have a name in it."""
        return self.stands(f'"{name}"', path) or self.stands(f"'{name}'", path)

    def _binds(self, name: str, path: str) -> bool:
        """Whether a file binds a name that is built in, as it looks: it stands in almost every file."""
        binding = rf"(?:def|class|as|import)\s+{name}\b|^\s*{name}\s*[:=]"
        return re.search(binding, self._program.sources[path].text, re.MULTILINE) is not None

    def says(self, path: str, word: str) -> bool:
        """Whether a word stands in any file around this one."""
        if (path, word) not in self._said:
            self._said[path, word] = any(self.stands(word, each) for each in self.of(path))
        return self._said[path, word]

    def having(self, path: str, words: Sequence[str]) -> Iterator[str]:
        """The files around one that have all of these words."""
        for each in self.of(path):
            if all(self.stands(word, each) for word in words):
                yield each

    def calling_under(self, path: str, words: Sequence[str], name: str) -> Iterator[str]:
        """The files around one that may call a name in blocks under one of these words."""
        for each in self.of(path):
            if each not in self._called:
                self._called[each] = called_in_blocks(self._code(each), words) if any(self.stands(word, each) for word in words) else frozenset()
            if name in self._called[each]:
                yield each

    def stands(self, word: str, path: str) -> bool:
        """Whether a word stands in a file's code, which is looked through once for it, whoever asks."""
        if (word, path) not in self._stands:
            self._stands[word, path] = word in self._program.sources[path].text and word in self._code(path)
        return self._stands[word, path]


def closure(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """All that is reached from some files along edges, these included."""
    seen = set(start)
    pending = list(seen)
    while pending:
        for target in edges.get(pending.pop(), ()):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return seen


def reverse(edges: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The same edges, from their ends to their starts."""
    found: dict[str, list[str]] = {}
    for start, ends in edges.items():
        for end in ends:
            found.setdefault(end, []).append(start)
    return found
