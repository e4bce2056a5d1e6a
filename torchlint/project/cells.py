"""Programs that come in pieces: the cells of a notebook, the code blocks of a Markdown file.

The pieces become one text with a marker line above each, so that a fixed text can be taken apart
again. What is no Python (`%magic`, `!shell`, `help?`) is masked line by line, and put back. A cell that is indented
as a whole, which IPython takes, stays as it is: its marker opens a block.

Source: https://ipython.readthedocs.io/en/stable/config/inputtransforms.html
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from torchlint.diagnostic import Position
from torchlint.project.text import Part, Text

_MARKER = "# %% torchlint cell {}"
_OPENING = "if True:  "
_MARKED = re.compile(r"^(?:if True:  )?# %% torchlint cell (\d+)$", re.MULTILINE)
_MASKED = re.compile(r"^.*#: torchlint masked (\d+)$", re.MULTILINE)
_MAGIC = re.compile(r"(?P<indent>\s*)(?:[%!?]|(?P<assigned>[\w.,\[\]'\" ]+=)\s*[%!](?![=]))")
# A cell of one line may begin with one of these without its percent sign.
_LINE_MAGICS = frozenset(
    """
    alias autosave bookmark cat cd clear colors conda config cp debug dirs ed edit env gui hist history ldir less ll load
    load_ext ls lsmagic macro magic mamba man matplotlib micromamba mkdir more mv notebook page pdb pdef pdoc pfile pinfo
    pip popd precision prun psearch psource pushd pwd pycat pylab quickref recall rehashx reload_ext rep rerun reset rm
    rmdir run save set_env store system tb time timeit unalias unload_ext uv who whos xdel xmode
    """.split()
)
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
        opening, body, problem = _readable(cell.text, masked)
        lines.append(opening + _MARKER.format(cell.number))
        if problem and report:
            message, row, column = problem
            problems.append((message, Position(len(lines) + row, column)))
        lines += body
    text = "".join(f"{line}\n" for line in lines)
    return CellText(text, cells=tuple(cells), masked=tuple(masked), rebuild=rebuild, problems=tuple(problems))


def _readable(text: str, masked: list[str]) -> tuple[str, list[str], tuple[str, int, int] | None]:
    """What opens a cell, and its lines: as they are, without magics, or all of them masked, with what is wrong there."""
    lines = re.split(r"\r\n|\n|\r", text)
    if _fault(lines) is None:
        return "", lines, None
    opening = ""
    without = list(_without_magics(lines, masked))
    fault = _fault(without)
    if fault and next(line for line in lines if line.strip())[0] in " \t":
        opening, fault = _OPENING, _fault([_OPENING, *without], 1)
    if fault is None:
        return opening, without, None
    del masked[len(masked) - sum("#: torchlint masked" in line for line in without) :]
    return "", [_mask("", line, masked) for line in lines], fault


def _without_magics(lines: Sequence[str], masked: list[str]) -> Iterator[str]:
    written = [line for line in lines if line.strip()]
    first = (written[0].split() or [""])[0] if written else ""
    if (written and written[0].startswith("%%") and first not in _TRANSPARENT) or (len(written) == 1 and first in _LINE_MAGICS):
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


def _fault(lines: Sequence[str], above: int = 0) -> tuple[str, int, int] | None:
    """What keeps lines from being Python, and where, counted without the lines that stand `above` the cell's own."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse("\n".join(lines))
    except SyntaxError as error:
        return error.msg or "invalid syntax", max((error.lineno or 1) - above, 1), max(error.offset or 1, 1)
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or "nested too deeply", 1, 1
    return None
