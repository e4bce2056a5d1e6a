"""Comments that silence reports, and reports on those that silence nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from torchlint.diagnostic import Diagnostic, Edit, Fix, Place, Position, Span
from torchlint.own_rules import OWN_RULES, UNUSED_SUPPRESSION
from torchlint.project.source import Source
from torchlint.syntax.comments import Comment, comments_in

Kind = Literal["line", "file", "off", "on"]

# Everything below is behind this look: most files hold no such comment.
_ANY = re.compile(r"#.*?(?:torchlint\s*:|flake8[:=]|noqa)", re.IGNORECASE)
_OURS = re.compile(
    r"#\s*torchlint:\s*(?P<what>ignore-file|ignore|noqa|off|on)\b(?P<list>\s*[\[:]\s*(?P<names>[\w\-, \t]*)\]?)?",
    re.IGNORECASE,
)
_NOQA = re.compile(
    r"#\s*(?P<what>(?:flake8[:=]\s*)?noqa)(?![\w-])(?P<list>\s*:\s*(?P<names>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?",
    re.IGNORECASE,
)
_NAME = re.compile(r"[\w\-]+")
_CODE = re.compile(r"TL\d*", re.IGNORECASE)
_LAST = 1 << 60
# Neither a syntax error nor an unreadable file goes away by a comment.
LASTING = frozenset({"TL900", "TL901", "TL903", "TL904"})


@dataclass(frozen=True, slots=True)
class Name:
    """A rule as a comment names it, from column to column."""

    text: str
    start: int
    end: int


@dataclass(slots=True)
class Suppression:
    """One comment: what it silences (without names everything), on which rows, and what it did."""

    kind: Kind
    row: int
    start: int
    end: int
    rows: range
    names: tuple[Name, ...] | None
    alone: bool = False
    foreign: bool = False
    others: bool = False
    ours: bool = False
    used: set[str] = field(default_factory=set)

    def silences(self, each: Diagnostic, there: Span) -> bool:
        """Whether this comment silences a report at a place in its file; what it does so by is remembered as used."""
        start, end = there.start.row, there.end.row
        if start not in self.rows and not (self.kind == "line" and end in self.rows):
            return False
        if self.names is None:
            self.used.add("")
            return True
        fits = [name.text for name in self.names if _fits(name.text, each)]
        self.used.update(fits)
        return bool(fits)


class Comments:
    """The suppression comments of one file, and what they have silenced so far."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._all = suppressions_in(source.text) if _ANY.search(source.text) else []

    def silence(self, each: Diagnostic, there: Span | None = None) -> bool:
        """Whether a comment silences a report at its place, or at another one in this file."""
        return _silenced(each, there or each.place.span, self._all)

    def unused(self, active: Collection[str], complete: bool = True) -> list[Diagnostic]:
        """Reports on the comments that have silenced nothing.

        `active` are the codes of the rules that ran, since a comment for another rule is left alone; `complete` says
        that these are all the rules there are by default.
        """
        reports = [report for one in self._all for report in _unused(self._source, one, active, complete)]
        named = [one for one in self._all if one.names]
        return [each for each in reports if not _silenced(each, each.place.span, named)]


def suppressions_in(text: str) -> list[Suppression]:
    """The suppression comments of a text; what only looks like one inside a string is none."""
    found = [each for comment in comments_in(text) for each in _read(comment)]
    _close_blocks(found)
    return found


def _read(comment: Comment) -> Iterator[Suppression]:
    for match in _OURS.finditer(comment.text):
        what = match["what"].lower()
        kind: Kind = "line" if what == "ignore" else "file" if what in ("ignore-file", "noqa") else "off"
        if what == "on":
            kind = "on"
        names = None if match["list"] is None else _names(match, comment)
        yield replace(_suppression(kind, comment, match, names), ours=True)
    for match in _NOQA.finditer(comment.text):
        kind = "line" if match["what"].lower() == "noqa" else "file"
        every = None if match["list"] is None else _names(match, comment)
        ours = None if every is None else tuple(name for name in every if _CODE.fullmatch(name.text))
        if ours != ():
            others = every is not None and len(every) != len(ours or ())
            yield _suppression(kind, comment, match, ours, foreign=ours is None, others=others)


def _suppression(
    kind: Kind,
    comment: Comment,
    match: re.Match[str],
    names: tuple[Name, ...] | None,
    foreign: bool = False,
    others: bool = False,
) -> Suppression:
    rows = comment.rows
    if kind != "line":
        rows = range(0 if kind == "file" else comment.row, _LAST)
    following = comment.text.find("#", match.end())
    end = following if following >= 0 else len(comment.text)
    alone = comment.alone and match.start() == 0 and following < 0
    start, end = comment.column + match.start(), comment.column + end
    return Suppression(kind, comment.row, start, end, rows, names, alone, foreign, others)


def _names(match: re.Match[str], comment: Comment) -> tuple[Name, ...]:
    offset = comment.column + match.start("names")
    return tuple(Name(name[0], offset + name.start(), offset + name.end()) for name in _NAME.finditer(match["names"]))


def _close_blocks(suppressions: list[Suppression]) -> None:
    """Let each `off` end at the next `on`."""
    open_blocks: list[Suppression] = []
    for each in suppressions:
        if each.kind == "off":
            open_blocks.append(each)
        elif each.kind == "on":
            each.rows = range(0)
            for block in open_blocks:
                block.rows = range(block.row, each.row)
                each.used.add("")
            open_blocks = []


def _fits(name: str, each: Diagnostic) -> bool:
    return name == each.name or (_CODE.fullmatch(name) is not None and each.code.startswith(name.upper()))


def _silenced(each: Diagnostic, there: Span, suppressions: Iterable[Suppression]) -> bool:
    # Every one is asked, so that two comments for one report both count as used.
    answers = [one.silences(each, there) for one in suppressions] if each.code not in LASTING else []
    return any(answers)


def _unused(source: Source, one: Suppression, active: Collection[str], complete: bool) -> Iterator[Diagnostic]:
    if one.foreign:
        return
    if one.names is None:
        if not one.used and (complete or one.kind == "on"):
            what = "no `# torchlint: off` comes before it" if one.kind == "on" else "nothing is reported here"
            yield _report(source, one, f"this comment has no effect: {what}; remove it", None)
        return
    idle = [name for name in one.names if name.text not in one.used and _judged(name.text, active)]
    if not idle and one.names:
        return
    all_idle = len(idle) == len(one.names) and not one.others
    quoted = ", ".join(f"`{name.text}`" for name in idle) or "it names no rule"
    what = f"nothing is reported here for {quoted}" if idle else quoted
    yield _report(source, one, f"this comment has no effect: {what}; remove it", None if all_idle else idle)


def _judged(name: str, active: Collection[str]) -> bool:
    """Whether the run can tell that a name is unused: its rules ran, or there is no such rule."""
    from torchlint.lint.plugins import rules_in_force

    known = [rule.code for rule in rules_in_force() if name == rule.name or rule.code.startswith(name.upper())]
    own = any(name == rule.name or rule.code.startswith(name.upper()) for rule in OWN_RULES)
    return not own and all(code in active for code in known)


def _report(source: Source, one: Suppression, message: str, idle: Sequence[Name] | None) -> Diagnostic:
    span = _span(one.row, one.start, one.end)
    edits = (_removal(source, one),) if idle is None else tuple(_name_removals(source, one.row, idle))
    fix = Fix("remove the unused suppression", edits)
    return UNUSED_SUPPRESSION.at(Place(source.path, span), message, fix)


def _removal(source: Source, one: Suppression) -> Edit:
    line = _line(source, one.row)
    start = len(line[: one.start].rstrip())
    if one.alone and line.endswith(("\n", "\r")):
        return Edit(Span(Position(one.row, 1), Position(one.row + 1, 1)), "")
    if line[one.end : one.end + 1] == "#":
        return Edit(_span(one.row, one.start, one.end), "")
    return Edit(_span(one.row, start, one.end), "")


def _name_removals(source: Source, row: int, idle: Sequence[Name]) -> Iterator[Edit]:
    """Take names out of a list, each with the comma behind it, or before it if it is the last."""
    line = _line(source, row)
    for name in idle:
        behind = re.compile(r"[,\s]+(?=[\w\-])").match(line, name.end)
        start, end = name.start, behind.end() if behind else name.end
        if not behind:
            start = len(line[: name.start].rstrip(", \t"))
        yield Edit(_span(row, start, end), "")


def _line(source: Source, row: int) -> str:
    from torchlint.project.text import NEWLINE

    starts = [0, *(match.end() for match in NEWLINE.finditer(source.text)), len(source.text)]
    return source.text[starts[row - 1] : starts[row]]


def _span(row: int, start: int, end: int) -> Span:
    return Span(Position(row, start + 1), Position(row, end + 1))
