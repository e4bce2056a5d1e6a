"""`torchlint check`: the options, and what is done in which order."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from torchlint.report.base import FORMATS


def _selectors(flag: str, text: str) -> Callable[[Any], Any]:
    return click.option(flag, multiple=True, metavar="RULES", help=text)


def _shard(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    part, _, count = value.partition("/")
    if part.isdecimal() and count.isdecimal() and 1 <= int(part) <= int(count):
        return int(part), int(count)
    raise click.BadParameter(f"`{value}` is no part of a whole; write for example 2/4")


@click.command(short_help="Lint files and folders (the default command).")
@click.argument("paths", nargs=-1, metavar="[PATH|-]…")
@_selectors("--select", "Run these rules instead of the default ones: codes, prefixes, names, or ALL.")
@_selectors("--extend-select", "Run these rules besides.")
@_selectors("--ignore", "Do not run these rules; the more exact selector wins.")
@_selectors("--extend-ignore", "Do not run these rules either.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes/--no-unsafe-fixes", default=None, help="With --fix or --diff, apply unsafe fixes too.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing.")
@click.option("--add-ignore", is_flag=True, help="Write a suppression comment at every problem.")
@click.option("--output-format", type=click.Choice(FORMATS), help="How problems are written.", default=None)
@click.option("-o", "--output-file", type=click.Path(dir_okay=False), help="Write the report to a file.")
@click.option("--statistics", is_flag=True, help="Count the problems of each rule.")
@click.option("-q", "--quiet", is_flag=True, help="Print the problems only, no summary.")
@click.option("-e", "--exit-zero", is_flag=True, help="Exit with 0 even where problems were found.")
@click.option("--markdown", is_flag=True, help="Lint the Python blocks of Markdown files too.")
@click.option("--stdin-filename", metavar="NAME", help="The name of the file that `-` reads.")
@click.option("--force-exclude", is_flag=True, default=None, help="Leave out excluded files even if named.")
@click.option("--files-from", metavar="FILE|-", help="Lint the paths listed in a file, one a line.")
@click.option("--baseline", metavar="FILE", help="Report only problems that are not in this file.")
@click.option("--write-baseline", metavar="FILE", help="Write all problems to a baseline, and report none.")
@click.option("--shard", callback=_shard, metavar="I/N", help="Lint the Ith of N parts; `torchlint merge` joins reports.")
@click.option("--watch", is_flag=True, help="Lint anew whenever a file changes.")
@click.option("--no-plugins", is_flag=True, help="Use no rules of other packages.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("-j", "--jobs", type=click.IntRange(min=0), default=None, help="Worker processes; 0: as the machine has.")
@click.option("--config", "config_file", type=click.Path(exists=True, dir_okay=False), help="Use this configuration.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
def check(**options: Any) -> None:
    """Lint PATHs (the current folder if none is given; `-` reads standard input)."""
    from torchlint.baseline import BadBaseline
    from torchlint.config import BadConfiguration
    from torchlint.files import MissingPath
    from torchlint.plugins import BadPlugin
    from torchlint.selection import UnknownRule

    try:
        from torchlint.cli.run import run_check
        from torchlint.session import Session

        session = Session.of(options)
        for path in session.missing:
            click.echo(f"torchlint: {path}: no such file or folder", err=True)
        nothing_left = session.missing and len(session.missing) == len(session.paths)
        code = 2 if nothing_left else run_check(session)
        code = 2 if session.missing else code
    except BadConfiguration as problem:
        click.echo(str(problem), err=True)
        code = 2
    except (MissingPath, UnknownRule, BadBaseline, BadPlugin) as problem:
        click.echo(f"torchlint: {problem}", err=True)
        code = 2
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
