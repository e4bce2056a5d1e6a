"""Import statements, read off a text without parsing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>\.*[ \t]*[\w.]*)[ \t]+import[ \t]*(?P<names>\([^)]*\)|(?:[^\n\\;#]|\\\r?\n)+)"
    r"|import[ \t]+(?P<modules>(?:[^\n\\;#]|\\\r?\n)+))",
    re.MULTILINE,
)
_NAME = re.compile(r"[^\W\d]\w*")
_COMMENT = re.compile(r"#[^\n]*")


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
