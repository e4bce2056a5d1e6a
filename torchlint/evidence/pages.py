"""Reads a rule's page: its prose, and the programs that it shows, with what is expected of each line.

The reader is pure: `read_page` takes text. `page_names` and `load_page` find the pages, which the
wheel carries as package data (`torchlint/pages`) and a checkout has in `rules/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

SINGLE_FILE = "example.py"
EVIDENCE_FILE = "evidence.py"

# Sections in which a second unnamed block is the evidence for the first, not a program of its own.
_PAIRED = ("Example", "Use instead")

_FENCE = re.compile(r"(`{3,})\s*(\w*)\s*$")
_FILE_NAME = re.compile(r"`([\w./-]+\.py)`:\s*$")
_HEADING = re.compile(r"(#{1,3}) (.*\S)\s*$")
_TITLE = re.compile(r"([a-z0-9-]+) \((TL\d+)\)$")
_MARKS = re.compile(r"[ \t]*(?P<marks>(?:#[ ](?:error|raises[ ][\w.]+(?::[ ][^#\n]*?)?)[ \t]*)+)$")
_ERROR = re.compile(r"# error\b")
_RAISES = re.compile(r"# raises ([\w.]+)(?:: ([^#\n]*\S))?")


class PageError(ValueError):
    """A page that cannot be read; `row` is the place in the page, counted from 1."""

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row


@dataclass(frozen=True, slots=True)
class Raises:
    """What the statement on a row of a file must raise: a class and a part of its message."""

    row: int
    error: str
    message: str = ""


@dataclass(frozen=True)
class File:
    """A block of a page: its file's name, its text with the marks, and the page's row where it starts."""

    name: str
    text: str
    row: int

    @cached_property
    def plain(self) -> str:
        """The text without `# error`, `# raises …` and the blanks before them."""
        return "".join(_MARKS.sub("", line) + "\n" for line in self._lines())

    @cached_property
    def marked(self) -> frozenset[int]:
        """The rows, counted from 1, that end in `# error`."""
        return frozenset(row for row, marks in self._marks() if re.search(r"# error\b", marks))

    @cached_property
    def raises(self) -> tuple[Raises, ...]:
        """What `# raises` marks say, by row."""
        return tuple(
            Raises(row, error, message)
            for row, marks in self._marks()
            for error, message in _RAISES.findall(marks)
        )

    def followed_by(self, other: File) -> File:
        """This file with the text of `other` appended."""
        return File(self.name, self.text + other.text, self.row)

    def _lines(self) -> list[str]:
        return self.text.removesuffix("\n").split("\n")

    def _marks(self) -> Iterator[tuple[int, str]]:
        for row, line in enumerate(self._lines(), 1):
            if match := _MARKS.search(line):
                yield row, match["marks"]


@dataclass(frozen=True)
class Listing:
    """A program that a page shows: its files, and the evidence that is run after it.

    A program of one unnamed block is the file `example.py`, and its evidence is as if appended to it.
    Evidence for named files is a script beside them, `evidence.py`.
    """

    section: str
    heading: str
    program: tuple[File, ...]
    evidence: File | None = None

    @property
    def row(self) -> int:
        """The page's row where the first block starts."""
        return self.program[0].row

    @cached_property
    def files(self) -> tuple[File, ...]:
        """The files to lint and to run; the last one is the script, the others are imported first."""
        if self.evidence is None:
            return self.program
        if self.program[0].name == SINGLE_FILE:
            return (self.program[0].followed_by(self.evidence),)
        return (*self.program, self.evidence)

    def page_row(self, name: str, row: int) -> int:
        """The page's row that shows `row` of the file `name`."""
        (block,) = (each for each in self.files if each.name == name)
        length = next((each.text.count("\n") for each in self.program if each.name == name), 0)
        if self.evidence is not None and block.name == SINGLE_FILE and row > length:
            return self.evidence.row + row - length - 1
        return block.row + row - 1

    def in_program(self, name: str, row: int) -> bool:
        """Whether `row` of the file `name` belongs to the program and not to its evidence."""
        return any(each.name == name and row <= each.text.count("\n") for each in self.program)


@dataclass(frozen=True)
class Section:
    """A `## …` part of a page: its title, its prose as written (with the blocks), its programs."""

    title: str
    row: int
    text: str
    listings: tuple[Listing, ...]


@dataclass(frozen=True)
class Page:
    """A page: `name` is its file's stem, `code` is "" where the title is not `name (CODE)`."""

    name: str
    title: str
    code: str
    paragraph: str
    sections: tuple[Section, ...]
    text: str

    @property
    def listings(self) -> tuple[Listing, ...]:
        """Every program of the page, in order."""
        return tuple(listing for section in self.sections for listing in section.listings)

    @cached_property
    def summary(self) -> str:
        """The first sentence."""
        return re.split(r"(?<=[.:])\s", self.paragraph, maxsplit=1)[0].rstrip(".:") + "."

    def shown(self, emphasis: bool = False) -> str:
        """The text for a reader: a line that is reported ends in `# ← TL401` and not in the tests' `# error`.

        With `emphasis`, the opening of each block says which of its lines these are, as `hl_lines="3 7"`.
        """
        lines = self.text.split("\n")
        row = 0
        while row < len(lines):
            if fence := _FENCE.match(lines[row]):
                end = _closing(lines, row + 1, fence[1]) - 1
                marked = [each for each in range(row + 1, end) if (marks := _MARKS.search(lines[each])) and _ERROR.search(marks[0])]
                for each in marked:
                    lines[each] = _ERROR.sub(f"# ← {self.code}", lines[each])
                if emphasis and marked:
                    lines[row] += f' hl_lines="{" ".join(str(each - row) for each in marked)}"'
                row = end
            row += 1
        return "\n".join(lines)

    def section(self, title: str) -> Section | None:
        """The section of that title, if the page has it."""
        return next((each for each in self.sections if each.title == title), None)


@dataclass(frozen=True, slots=True)
class _Block:
    name: str
    heading: str
    text: str
    row: int


def read_page(name: str, text: str) -> Page:
    """The page that `text` holds; `name` is its file's stem. Raises PageError for an open fence."""
    lines = text.split("\n")
    title, paragraph, section, heading = "", "", "", ""
    found: list[tuple[str, int, list[_Block]]] = [("", 1, [])]
    row = 1
    while row <= len(lines):
        line = lines[row - 1]
        if fence := _FENCE.match(line):
            end = _closing(lines, row, fence[1])
            if fence[2] == "python":
                code = "".join(each + "\n" for each in lines[row : end - 1])
                found[-1][2].append(_Block(_name_above(lines, row), heading, code, row + 1))
            row = end
        elif match := _HEADING.match(line):
            level, words = len(match[1]), match[2]
            if level == 1:
                title = words
            elif level == 2:
                section, heading = words, ""
                found.append((section, row, []))
            else:
                heading = words
        elif line.strip() and not section and not heading:
            paragraph += line.strip() + " "
        row += 1
    code = match[2] if (match := _TITLE.match(title)) else ""
    ends = [start for _, start, _ in found[1:]] + [len(lines) + 1]
    sections = tuple(
        Section(each, start, "\n".join(lines[start : end - 1]).strip("\n"), tuple(_listings(each, blocks)))
        for (each, start, blocks), end in zip(found, ends, strict=True)
        if each or blocks
    )
    return Page(name, title, code, paragraph.strip(), sections, text)


def _closing(lines: Sequence[str], opening: int, ticks: str) -> int:
    for row in range(opening + 1, len(lines) + 1):
        if lines[row - 1].rstrip() == ticks:
            return row
    raise PageError(opening, "this block is never closed")


def _name_above(lines: Sequence[str], row: int) -> str:
    above = next((line for line in reversed(lines[: row - 1]) if line.strip()), "")
    return match[1] if (match := _FILE_NAME.search(above)) else ""


def _listings(section: str, blocks: Sequence[_Block]) -> Iterator[Listing]:
    paired = section in _PAIRED
    at = 0
    while at < len(blocks):
        start, heading = at, blocks[at].heading
        while at < len(blocks) and blocks[at].name and blocks[at].heading == heading:
            at += 1
        named = at > start
        if not named:
            at += 1
        program = tuple(File(each.name or SINGLE_FILE, each.text, each.row) for each in blocks[start:at])
        evidence = None
        if (named or paired) and at < len(blocks) and blocks[at].heading == heading and not blocks[at].name:
            name = EVIDENCE_FILE if named else SINGLE_FILE
            evidence = File(name, blocks[at].text, blocks[at].row)
            at += 1
        yield Listing(section, heading, program, evidence)


@cache
def _folder() -> Traversable:
    package = files("torchlint")
    shipped = package.joinpath("pages")
    return shipped if shipped.is_dir() else package.joinpath("..", "rules")


def page_names() -> tuple[str, ...]:
    """The names of all pages that this installation has, sorted."""
    names = (each.name for each in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in names if name.endswith(".md")))


def load_page(name: str) -> Page:
    """The page of the rule `name`. Raises KeyError where there is none, PageError where it is malformed."""
    try:
        text = _folder().joinpath(f"{name}.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KeyError(name) from None
    return read_page(name, text)
