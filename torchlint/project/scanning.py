"""Import statements, and calls in the blocks under some words, read off a text without parsing it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>\.*[ \t]*[\w.]*)[ \t]+import[ \t]*(?P<names>\([^)]*\)|(?:[^\n\\;#]|\\\r?\n)+)"
    r"|import[ \t]+(?P<modules>(?:[^\n\\;#]|\\\r?\n)+))",
    re.MULTILINE,
)
_NAME = re.compile(r"[^\W\d]\w*")
_COMMENT = re.compile(r"#[^\n]*")
_CALLED = re.compile(r"([^\W\d]\w*)\s*\(")


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: `names` are what a `from` statement takes, which may be modules."""

    module: str
    level: int = 0
    names: tuple[str, ...] = ()


def scan_imports(text: str) -> Iterator[Import]:
    """The import statements of a text, by a look at its lines; docstrings may yield too many."""
    for match in _IMPORT.finditer(text):
        if match["modules"] is not None:
            for part in match["modules"].split(","):
                if words := part.split():
                    yield Import(words[0])
            continue
        dotted = match["module"].replace(" ", "").replace("\t", "")
        module = dotted.lstrip(".")
        names = _COMMENT.sub("", match["names"])
        taken = tuple(found[0] for part in names.split(",") if (found := _NAME.search(part)))
        yield Import(module, len(dotted) - len(module), taken)


def called_in_blocks(text: str, words: Sequence[str]) -> frozenset[str]:
    """The names that are called in blocks under one of these words, or in functions decorated with one, by the indentation; there may be too many."""
    if not any(word in text for word in words):
        return frozenset()
    lines = text.split("\n")
    found: set[str] = set()
    for number, line in enumerate(lines):
        if any(word in line for word in words):
            found.update(name for part in (line, *_block(lines, number)) for name in _CALLED.findall(part))
    return frozenset(found)


def _block(lines: Sequence[str], number: int) -> Iterator[str]:
    """The lines of the block that a line heads; of one that is no head by itself, the rest of the block that it stands in."""
    head = lines[number].lstrip()
    depth, start = len(lines[number]) - len(head), number + 1
    if head.startswith("@"):
        while start < len(lines) and not lines[start].lstrip().startswith(("def ", "async def ", "class ")):
            start += 1
        start += 1
    elif not head.startswith(("with", "async with")):
        depth -= 1
    for line in lines[start:]:
        plain = line.lstrip()
        if plain and len(line) - len(plain) <= depth and not plain.startswith((")", "]", "#")):
            return
        yield line
