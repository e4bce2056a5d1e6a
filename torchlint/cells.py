"""Programs that come in pieces: the cells of a notebook, the code blocks of a Markdown file.

The pieces become one text with a marker line above each, so that a fixed text can be taken apart
again. What is no Python (`%magic`, `!shell`, `help?`) is masked line by line, and put back.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from torchlint.diagnostic import Position
from torchlint.text import Part, Text

_MARKER = "# %% torchlint cell {}"
_MARKED = re.compile(r"^# %% torchlint cell (\d+)$", re.MULTILINE)
_MASKED = re.compile(r"^.*#: torchlint masked (\d+)$", re.MULTILINE)
_MAGIC = re.compile(r"(?P<indent>\s*)(?:[%!?]|(?P<assigned>[\w.,\[\]'\" ]+=)\s*[%!](?![=]))")
_HELP = re.compile(r"\s*[\w.%]+\?{1,2}\s*$")
# These run their cell as the Python that it is.
_TRANSPARENT = frozenset({"%%time", "%%timeit", "%%capture", "%%prun", "%%memit", "%%mprun"})


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of code: its number as a person counts, and its text."""

    number: int
    text: str


@dataclass(frozen=True)
class CellText(Text):
    """The pieces of a file as one program. `rebuild` makes the file's bytes of new pieces."""

    cells: tuple[Cell, ...] = ()
    masked: tuple[str, ...] = ()
    rebuild: Callable[[Sequence[str]], bytes] = field(default=lambda pieces: b"", repr=False)

    def encode(self, text: str) -> bytes:
        return self.rebuild([part.text for part in self.parts(text)])

    def parts(self, text: str) -> list[Part]:
        """The pieces of a program, masks taken off. Raises ValueError where a marker or mask got lost."""
        marks = list(_MARKED.finditer(text))
        wanted = [cell.number for cell in self.cells]
        masks = sorted(int(found[1]) for found in _MASKED.finditer(text))
        if [int(mark[1]) for mark in marks] != wanted or masks != list(range(len(self.masked))):
            raise ValueError("a fix would join two cells")
        ends = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
        # What a fix puts above everything belongs to the first piece.
        lead = text[: marks[0].start()] if marks else ""
        parts: list[Part] = []
        for mark, end, cell in zip(marks, ends, self.cells, strict=True):
            body = text[mark.end() + 1 : end].removesuffix("\n")
            row = text.count("\n", 0, mark.end() + 1) + 1 - lead.count("\n")
            body = _MASKED.sub(lambda found: self.masked[int(found[1])], lead + body)
            parts.append(Part(f"cell {cell.number}", body, row, cell.number))
            lead = ""
        return parts


def join(cells: Sequence[Cell], rebuild: Callable[[Sequence[str]], bytes], report: bool) -> CellText:
    """One program of all cells. A cell that is no Python is masked, and where asked, reported."""
    lines: list[str] = []
    masked: list[str] = []
    problems: list[tuple[str, Position]] = []
    for cell in cells:
        lines.append(_MARKER.format(cell.number))
        body, problem = _readable(cell.text, masked)
        if problem and report:
            message, row, column = problem
            problems.append((message, Position(len(lines) + row, column)))
        lines += body
    text = "".join(f"{line}\n" for line in lines)
    return CellText(text, cells=tuple(cells), masked=tuple(masked), rebuild=rebuild, problems=tuple(problems))


def _readable(text: str, masked: list[str]) -> tuple[list[str], tuple[str, int, int] | None]:
    lines = re.split(r"\r\n|\n|\r", text)
    if _fault(lines) is None:
        return lines, None
    without = list(_without_magics(lines, masked))
    fault = _fault(without)
    if fault is None:
        return without, None
    del masked[len(masked) - sum("#: torchlint masked" in line for line in without) :]
    return [_mask("", line, masked) for line in lines], fault


def _without_magics(lines: Sequence[str], masked: list[str]) -> Iterator[str]:
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and first.split()[0] not in _TRANSPARENT:
        yield from (_mask("", line, masked) for line in lines)
        return
    continued = False
    for line in lines:
        magic = _MAGIC.match(line)
        if continued:
            yield _mask("", line, masked)
        elif magic and magic["assigned"]:
            yield _mask(f"{magic['indent']}{magic['assigned']} None", line, masked)
        elif magic or _HELP.match(line):
            yield _mask(f"{line[: len(line) - len(line.lstrip())]}pass", line, masked)
        else:
            yield line
            continue
        continued = line.endswith("\\")


def _mask(stand_in: str, line: str, masked: list[str]) -> str:
    masked.append(line)
    comment = f"#: torchlint masked {len(masked) - 1}"
    return f"{stand_in}  {comment}" if stand_in else comment


def _fault(lines: Sequence[str]) -> tuple[str, int, int] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse("\n".join(lines))
    except SyntaxError as error:
        return error.msg or "invalid syntax", error.lineno or 1, max(error.offset or 1, 1)
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or "nested too deeply", 1, 1
    return None
