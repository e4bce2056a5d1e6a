"""The comments of a Python text, and the rows of code that each one speaks of."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

_LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its `#`, at a row (from 1) and column (from 0).

    `rows` are those that it speaks of: its own line, with what `\\` or a string of many rows joins
    to it, or, for a comment that is alone on its line, the next line of code.
    """

    text: str
    row: int
    column: int
    rows: range
    alone: bool


def comments_in(text: str) -> list[Comment]:
    """The comments of a text, up to the place where it stops being Python."""
    tokens = list(tokens_of(text))
    joined = joined_rows(tokens)
    starts = sorted({token.start[0] for token in tokens if token.type not in _LAYOUT})
    found: list[Comment] = []
    for token in tokens:
        if token.type != tokenize.COMMENT:
            continue
        row, column = token.start
        alone = not token.line[:column].strip() and row - 1 not in joined
        first = next((start for start in starts if start > row), row) if alone else row
        last = first
        while first - 1 in joined:
            first -= 1
        while last in joined:
            last += 1
        found.append(Comment(token.string, row, column, range(first, last + 1), alone))
    return found


def joined_rows(tokens: list[tokenize.TokenInfo]) -> set[int]:
    """The rows that are one line with the next: by a backslash, or by a string that goes on."""
    joined: set[int] = set()
    before: tokenize.TokenInfo | None = None
    for token in tokens:
        joined.update(range(token.start[0], token.end[0]))
        if before is not None and before.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT):
            joined.update(range(before.end[0], token.start[0]))
        if token.type not in (tokenize.INDENT, tokenize.DEDENT):
            before = token
    for token in tokens:
        if token.type in (tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER):
            joined.discard(token.start[0])
    return joined.union(*_rows_in_formatted_strings(tokens))


def _rows_in_formatted_strings(tokens: list[tokenize.TokenInfo]) -> Iterator[range]:
    """The rows that an f-string or t-string goes on from, where Python takes it apart into tokens (3.12 and later)."""
    starts: list[int] = []
    for token in tokens:
        name = tokenize.tok_name[token.type]
        if name in ("FSTRING_START", "TSTRING_START"):
            starts.append(token.start[0])
        elif name in ("FSTRING_END", "TSTRING_END"):
            yield range(starts.pop(), token.end[0])


def tokens_of(text: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens of a text, up to the place where it stops being Python."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(text, newline=None).readline)
    except (tokenize.TokenError, SyntaxError):
        return
