"""The options of `torchlint check`, in the groups in which `--help` shows them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from torchlint.project.config import FORMATS


class Option(click.Option):
    """An option that is shown under a heading."""

    def __init__(self, *arguments: Any, section: str, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.section = section


class Sectioned(click.Command):
    """A command whose help shows its options under their headings."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a list of options for each heading, in the order in which they were declared."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for each in self.get_params(context):
            row = each.get_help_record(context) if isinstance(each, click.Option) else None
            if row is not None:
                sections.setdefault(getattr(each, "section", "Other"), []).append(row)
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows, col_max=28)


Decorator = Callable[[Any], Any]


def check_options(command: Any) -> Any:
    """Add all options of `torchlint check` to a command."""
    for each in reversed((*_RULES, *_FILES, *_FIXES, *_REPORT, *_KNOWN, *_RUN)):
        command = each(command)
    return command


def _shard(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    part, _, count = value.partition("/")
    if part.isdecimal() and count.isdecimal() and 1 <= int(part) <= int(count):
        return int(part), int(count)
    raise click.BadParameter(f"`{value}` is no part of a whole; write for example 2/4")


def _option(section: str, flag: str, *more: Any, **keywords: Any) -> Decorator:
    return click.option(flag, *more, cls=Option, section=section, **keywords)


_rules = partial(_option, "Rules (codes, prefixes of codes, names, or ALL; separated by commas)", multiple=True, metavar="RULES")
_RULES = (
    _rules("--select", help="Run these rules instead of the default ones."),
    _rules("--extend-select", help="Run these rules besides."),
    _rules("--ignore", help="Do not run these rules; the more exact selector wins."),
    _rules("--extend-ignore", help="Do not run these rules either."),
    _rules("--per-file-ignores", metavar="PATTERN:RULES", help="Do not report these rules in files that fit the pattern."),
    _rules("--target-torch", multiple=False, metavar="VERSION", help="The oldest torch that the project supports, as 2.3."),
    _rules("--no-plugins", multiple=False, is_flag=True, metavar=None, help="Use no rules of other packages."),
)

_files = partial(_option, "Files")
_FILES = (
    _files("--exclude", multiple=True, metavar="PATTERNS", help="Leave these out of folders, instead of the default ones."),
    _files("--extend-exclude", multiple=True, metavar="PATTERNS", help="Leave these out besides."),
    _files("--respect-gitignore/--no-respect-gitignore", default=None, help="Leave out what .gitignore files leave out."),
    _files("--force-exclude/--no-force-exclude", default=None, help="Leave out excluded files even if named."),
    _files("--files-from", metavar="FILE|-", help="Lint the paths listed in a file, one a line or divided by NULs."),
    _files("--stdin-filename", metavar="NAME", help="The name of the file that `-` reads."),
    _files("--markdown", is_flag=True, help="Lint the Python blocks of Markdown files too."),
    _files("--show-files", is_flag=True, help="List the files that would be linted, and stop."),
)

_fixes = partial(_option, "Fixes and suppressions")
_FIXES = (
    _fixes("--fix", is_flag=True, help="Apply the safe fixes."),
    _fixes("--unsafe-fixes/--no-unsafe-fixes", default=None, help="With --fix or --diff, apply unsafe fixes too."),
    _fixes("--diff", is_flag=True, help="Print what --fix would change, and change nothing."),
    _fixes("--fix-only", is_flag=True, help="Fix, and neither report nor fail for what is left."),
    _fixes("--show-fixes", is_flag=True, help="List what was fixed."),
    _fixes("--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 where anything was fixed."),
    _fixes("--fixable", multiple=True, metavar="RULES", help="Apply the fixes of these rules only."),
    _fixes("--unfixable", multiple=True, metavar="RULES", help="Do not apply the fixes of these rules."),
    _fixes("--add-ignore", is_flag=True, help="Write a suppression comment at every problem."),
    _fixes("--reason", metavar="TEXT", help="With --add-ignore: what to write behind the comments."),
    _fixes("--ignore-noqa", is_flag=True, help="Report what comments silence too."),
)

_report = partial(_option, "Report")
_REPORT = (
    _report(
        "--output-format",
        type=click.Choice(FORMATS),
        metavar="FORMAT",
        default=None,
        envvar="TORCHLINT_OUTPUT_FORMAT",
        help=f"One of {', '.join(FORMATS)}.",
    ),
    _report(
        "-o",
        "--output-file",
        type=click.Path(dir_okay=False),
        envvar="TORCHLINT_OUTPUT_FILE",
        help="Write the report to a file.",
    ),
    _report("--statistics", is_flag=True, help="Count the problems of each rule, as text or JSON."),
    _report("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colours."),
    _report("-v", "--verbose", is_flag=True, help="Tell what is read, what was known, and how long it took."),
    _report("-q", "--quiet", is_flag=True, help="Print the problems only, no summary."),
    _report("-s", "--silent", is_flag=True, help="Print nothing; the exit code tells."),
    _report("-e", "--exit-zero", is_flag=True, help="Exit with 0 even where problems were found."),
)

_known = partial(_option, "Old projects and big ones")
_KNOWN = (
    _known("--baseline", metavar="FILE", help="Report only problems that are not in this file."),
    _known("--write-baseline", metavar="FILE", help="Write all problems to a baseline, and report none."),
    _known("--shard", callback=_shard, metavar="I/N", help="Lint the Ith of N parts; `torchlint merge` joins reports."),
    _known("-j", "--jobs", type=click.IntRange(min=0), default=None, metavar="N", help="Worker processes; 0: as the machine has."),
    _known("-n", "--no-cache", is_flag=True, envvar="TORCHLINT_NO_CACHE", help="Neither read nor write the cache."),
    _known("--cache-dir", metavar="FOLDER", envvar="TORCHLINT_CACHE_DIR", help="Where the cache is; else the user's folder for caches."),
)

_run = partial(_option, "Other")
_RUN = (
    _run("-w", "--watch", is_flag=True, help="Lint anew whenever a file changes."),
    _run(
        "--config",
        multiple=True,
        metavar="FILE|KEY=VALUE",
        help="Use this file, or set an option as in TOML: --config 'jobs = 2'.",
    ),
    _run("--isolated", is_flag=True, help="Use no configuration file."),
)
