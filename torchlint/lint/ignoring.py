"""Writes the comments that silence what is reported: for the first day in an old project."""

from __future__ import annotations

from collections.abc import Iterable

from torchlint.diagnostic import Diagnostic
from torchlint.lint.suppressions import LASTING, suppressions_in
from torchlint.project.text import NEWLINE
from torchlint.syntax.comments import Comment, comments_in, joined_rows, tokens_of


def add_ignores(text: str, found: Iterable[Diagnostic], reason: str = "") -> tuple[str, int]:
    """The text with `# torchlint: ignore[name] reason` where `found` start, and how many these silence.

    A comment goes to the end of the line of code, and into a list that is there already.
    """
    joined = joined_rows(list(tokens_of(text)))
    names: dict[int, set[str]] = {}
    count = 0
    for each in found:
        if each.code in LASTING or each.code == "TL902":
            continue
        row = each.place.span.start.row
        while row in joined:
            row += 1
        names.setdefault(row, set()).add(each.name)
        count += 1
    comments = {comment.row: comment for comment in comments_in(text)}
    lists = {one.row: one.names for one in suppressions_in(text) if one.kind == "line" and one.ours and one.names}
    starts = [0, *(match.end() for match in NEWLINE.finditer(text)), len(text)]
    for row in sorted(names, reverse=True):
        line = text[starts[row - 1] : starts[row]]
        body = line.rstrip("\r\n")
        if row in lists:
            last = lists[row][-1].end
            new = body[:last] + "".join(f", {name}" for name in sorted(names[row])) + body[last:]
        else:
            comment = f"# torchlint: ignore[{', '.join(sorted(names[row]))}] {reason}".rstrip()
            new = f"{_without_trailing_blanks(body, comments.get(row))}  {comment}"
        text = text[: starts[row - 1]] + new + line[len(body) :] + text[starts[row] :]
    return text, count


def _without_trailing_blanks(body: str, comment: Comment | None) -> str:
    return body.rstrip() if comment is None else body[: comment.column] + comment.text.rstrip()
