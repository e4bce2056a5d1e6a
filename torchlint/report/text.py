"""Reports for people: one line a problem, and on request or on a terminal the code that it is about."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TextIO

from torchlint.diagnostic import Diagnostic, Place
from torchlint.report.base import Report, line_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_TAB = 4


def write_text(report: Report, out: TextIO) -> None:
    """With excerpts on a terminal, a line a problem elsewhere."""
    (write_full if out.isatty() else write_concise)(report, out)


def write_concise(report: Report, out: TextIO) -> None:
    console = console_for(report, out)
    for each in report.diagnostics:
        console.print(_headline(each))
    summarise(report, console)


def write_full(report: Report, out: TextIO) -> None:
    console = console_for(report, out)
    # Who reads on a terminal wants words kept whole; a file or a pipe gets a line a message.
    soft = not console.is_terminal
    for each in report.diagnostics:
        console.print(_headline(each), soft_wrap=soft)
        _excerpt(report, each.place, "^", "red", console)
        for related in each.related:
            where = related.place.span.start
            console.print(f"  {related.place.path}:{where.row}:{where.column}: {related.message}", style="dim", markup=False, soft_wrap=soft)
            _excerpt(report, related.place, "-", "dim", console)
        if each.fix is not None:
            flag = "--fix" if each.fix.applicability == "safe" else "--fix --unsafe-fixes"
            console.print(f"  fix ({flag}): {each.fix.message}", style="green", markup=False, soft_wrap=soft)
        console.print()
    summarise(report, console)


def write_grouped(report: Report, out: TextIO) -> None:
    console = console_for(report, out)
    for path, group in groupby(report.diagnostics, key=lambda each: each.place.path):
        console.print(f"{_printable(path)}:", style="bold", markup=False)
        for each in group:
            console.print(_headline(each, indent="  "))
        console.print()
    summarise(report, console)


def console_for(report: Report, out: TextIO) -> Console:
    """What writes text in the colours that are wanted."""
    from rich.console import Console

    forced = {"always": True, "never": False}.get(report.color)
    plain = None if forced is None else not forced
    # Lines are as long as they are: a report that wraps can be neither searched nor clicked.
    return Console(
        file=out, soft_wrap=True, highlight=False, emoji=False, force_terminal=forced, no_color=plain
    )


def _headline(each: Diagnostic, indent: str = "") -> Text:
    from rich.text import Text

    start = each.place.span.start
    where = f"{start.row}:{start.column}:" if indent else f":{start.row}:{start.column}:"
    colour = "bold red" if each.severity == "error" else "bold yellow"
    path = () if indent else ((_printable(each.place.path), "bold"),)
    return Text.assemble(
        indent, *path, (where, "cyan"), " ", (each.code, colour), " ", (each.name, colour), " ", each.message
    )


def _excerpt(report: Report, place: Place, mark: str, style: str, console: Console) -> None:
    from rich.text import Text

    line = line_of(report, place.path, place.span.start.row)
    if not line or not line.strip():
        return
    start, end = place.span.start, place.span.end
    last = end.column - 1 if end.row == start.row else len(line.rstrip())
    before, under = line[: start.column - 1], line[start.column - 1 : last]
    number = f"{start.row:>6}"
    console.print(Text.assemble((f"{number} | ", "blue"), _printable(line)))
    width = max(1, _width(before + under) - _width(before))
    console.print(Text.assemble((f"{'':6} | ", "blue"), " " * _width(before), (mark * width, style)))


def _printable(line: str) -> str:
    plain = line.replace("\t", " " * _TAB)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in plain)


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(_printable(text))


def summarise(report: Report, console: Console) -> None:
    """How many problems there are and were, unless nobody wants to hear it."""
    if report.quiet:
        return
    count = len(report.diagnostics)
    if report.fixed:
        ending = ":" if report.show_fixes else "."
        console.print(f"Fixed {_counted(sum(report.fixed.values()), 'problem')}{ending}", style="green")
        if report.show_fixes:
            _list_fixes(report, console)
    if report.fix_only:
        return
    if not count:
        console.print("All checks passed." if not report.fixed else "No problems are left.", style="green")
        return
    files = len({report.filename(each.place) for each in report.diagnostics})
    console.print(f"Found {_counted(count, 'problem')} in {_counted(files, 'file')}.", style="bold")
    safe = sum(each.fix is not None and each.fix.applicability == "safe" for each in report.diagnostics)
    unsafe = sum(each.fix is not None and each.fix.applicability == "unsafe" for each in report.diagnostics)
    if safe or unsafe:
        parts = [f"{safe} with `--fix`"] if safe else []
        parts += [f"{unsafe} {'more ' if safe else ''}with `--fix --unsafe-fixes`"] if unsafe else []
        console.print(f"{safe + unsafe} can be mended: {', '.join(parts)}.", markup=False)


def _list_fixes(report: Report, console: Console) -> None:
    for path, group in groupby(sorted(report.fixed.items()), key=lambda item: item[0][0]):
        console.print(f"- {_printable(path)}:", markup=False)
        for (_, code, name), count in sorted(group, key=lambda item: (-item[1], item[0])):
            console.print(f"    {count} × {code} {name}", markup=False)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
