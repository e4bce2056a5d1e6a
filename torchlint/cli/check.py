"""`torchlint check`: from the options to the exit code."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from torchlint.cli.options import Sectioned, check_options


@click.command(cls=Sectioned, short_help="Lint files and folders (the default command).")
@click.argument("paths", nargs=-1, metavar="[PATH|-]…")
@check_options
def check(**options: Any) -> None:
    """Lint PATHs (the current folder if none is given; `-` reads standard input)."""
    from torchlint.lint.interrupted import INTERRUPTED
    from torchlint.lint.plugins import BadPlugin
    from torchlint.lint.selection import UnknownRule
    from torchlint.project.config import BadConfiguration
    from torchlint.project.files import MissingPath
    from torchlint.report.baseline import BadBaseline

    try:
        from torchlint.cli.run import run_check
        from torchlint.lint.session import Session

        session = Session.of(options)
        _refuse_contradictions(options)
        for path in session.missing:
            click.echo(f"torchlint: {path}: {_why_missing(path)}", err=True)
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
        code = INTERRUPTED
    sys.exit(code)


_CONTRADICTORY = (
    ("add_ignore", "fix"),
    ("add_ignore", "fix_only"),
    ("add_ignore", "diff"),
    ("baseline", "write_baseline"),
    ("watch", "diff"),
)


def _refuse_contradictions(options: dict[str, Any]) -> None:
    for one, other in _CONTRADICTORY:
        if options.get(one) and options.get(other):
            flags = [f"--{each.replace('_', '-')}" for each in (one, other)]
            raise click.UsageError(f"{flags[0]} cannot be used with {flags[1]}")


def _why_missing(path: str) -> str:
    if path == "-":
        return "standard input cannot be linted together with paths"
    return "no such file or folder" if os.sep in path or "." in path else "no such file or folder, nor a command"
