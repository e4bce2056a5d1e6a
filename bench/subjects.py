"""Programs to try something on: small, run under torch to their end, and torchlint says nothing of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from traps import Injection, Source

from torchlint.evidence.pages import Listing, read_page

ROOT = Path(__file__).resolve().parents[1]
_SCRIPTS = ("main.py", "train.py")


@dataclass(frozen=True, slots=True)
class Subject:
    """A program by name: its files' texts, of which the last is the script."""

    name: str
    files: dict[str, str]


def of_pages() -> Iterator[Subject]:
    """The programs of the rules' pages and of the regressions that are not to be reported and that raise nothing."""
    for folder in (ROOT / "rules", ROOT / "tests" / "regressions"):
        for path in sorted(folder.glob("*.md")):
            for listing in read_page(path.stem, path.read_text(encoding="utf-8")).listings:
                if not any(file.raises or file.marked for file in listing.files):
                    yield Subject(f"{path.parent.name}/{path.name}:{listing.row}", _texts(listing))


def of_paths(paths: Iterable[str]) -> Iterator[Subject]:
    """A program for each file, and for each folder one of the files in it."""
    for path in map(Path, paths):
        texts = {each.name: each.read_text(encoding="utf-8") for each in (sorted(path.glob("*.py")) if path.is_dir() else [path])}
        script = next((name for name in _SCRIPTS if name in texts), next(reversed(texts), None))
        if script is not None:
            texts[script] = texts.pop(script)
            yield Subject(f"{path.parent.name}/{path.name}", {name: without_asserts(text) for name, text in texts.items()})


def _texts(listing: Listing) -> dict[str, str]:
    return {file.name: without_asserts(file.plain) for file in listing.files}


def without_asserts(text: str) -> str:
    """The text with `print(x)` for `assert x`: what a mutant computes is another thing than expected, and no harm by that."""
    data = text.encode()
    try:
        source = Source.of(data, data)
    except SyntaxError:
        return text
    found = [Injection(source.start(node), source.end(node), f"print({source.text(node.test)})", node.lineno) for node in ast.walk(source.tree) if isinstance(node, ast.Assert)]
    for each in sorted(found, key=lambda each: -each.start):
        data = data[: each.start] + each.text.encode() + data[each.end :]
    return data.decode()
