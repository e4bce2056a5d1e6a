"""A JSON text edited in place: only the strings that change are written anew, byte for byte the rest stays."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Path = tuple[str | int, ...]
Span = tuple[int, int]

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]', re.DOTALL)
_RAW_LINE = re.compile(r"(?:[^\\]|\\[^n])*(?:\\n|$)", re.DOTALL)


def strings(text: str) -> Iterator[tuple[Path, Span]]:
    """Every string that is a value in a valid JSON text: the keys and indices that lead to it, and where it stands."""
    path: list[str | int] = []
    for token in _TOKEN.finditer(text):
        kind = token[0]
        if kind == "{":
            path.append("")
        elif kind == "[":
            path.append(0)
        elif kind in "]}":
            path.pop()
        elif kind == ",":
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else ""
        elif kind == ":":
            continue
        elif path and path[-1] == "":
            # A string where no key is known yet is the key; one called "" is no place that anyone asks for.
            path[-1] = json.loads(kind, strict=False) or "\0"
        else:
            yield tuple(path), token.span()


def with_lines(text: str, spans: Sequence[Span], lines: Sequence[str], ascii_only: bool) -> tuple[Span, str]:
    """The part of a JSON text that holds lines, as one string or as a list of strings, and what to put there.

    Lines that stay keep the bytes that they had.
    """
    start, end = spans[0][0], spans[-1][1]
    if len(spans) == 1 and _is_single(text, spans[0]):
        raw = [each for each in _RAW_LINE.findall(text[start + 1 : end - 1]) if each]
        old = [json.loads(f'"{each}"', strict=False) for each in raw]
        return (start, end), f'"{"".join(new for _, new in _merged(old, raw, lines, ascii_only))}"'
    raw = [text[each[0] + 1 : each[1] - 1] for each in spans]
    old = [json.loads(f'"{each}"', strict=False) for each in raw]
    before = [text[left[1] : right[0]] for left, right in itertools.pairwise(spans)]
    usual = before[0] if before else "," + _blanks_before(text, start)
    parts: list[str] = []
    for at, new in _merged(old, raw, lines, ascii_only):
        between = before[at - 1] if at is not None and at > 0 else usual
        parts += [between if parts else "", f'"{new}"']
    return (start, end), "".join(parts) or '""'


def _is_single(text: str, span: Span) -> bool:
    """Whether a string stands behind a key, and not in a list."""
    return text[: span[0]].rstrip().endswith(":")


def _blanks_before(text: str, at: int) -> str:
    return text[len(text[:at].rstrip()) : at]


def _merged(
    old: Sequence[str], raw: Sequence[str], new: Sequence[str], ascii_only: bool
) -> Iterator[tuple[int | None, str]]:
    """The new lines as JSON holds them between its quotes, each with its index if it is one of the old ones."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, left, _, start, end in matcher.get_opcodes():
        for offset in range(end - start):
            if tag == "equal":
                yield left + offset, raw[left + offset]
            else:
                yield None, json.dumps(new[start + offset], ensure_ascii=ascii_only)[1:-1]
