"""The steps of `torchlint check`: load, lint, fix, report."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TextIO

import click

from torchlint.cli.changing import add_ignores, echo_stdin, show_diff, write
from torchlint.cli.progress import progress
from torchlint.diagnostic import Diagnostic
from torchlint.lint.interrupted import INTERRUPTED, Interrupted
from torchlint.lint.selection import UnknownRule
from torchlint.lint.session import Session
from torchlint.project.config import BadConfiguration
from torchlint.project.files import discover, forget_ignore_files
from torchlint.project.program import Program
from torchlint.project.programs import Project
from torchlint.report.base import Report, relative
from torchlint.report.baseline import without_known, write_baseline
from torchlint.report.formats import Writer, statistics_writer, writer
from torchlint.report.parts import in_parts


def run_check(session: Session) -> int:
    """Do what the options ask for, and return the exit code."""
    if session.options.get("show_files"):
        return _show_files(session)
    if session.options.get("watch"):
        return _watch(session)
    return _check(session)


def _watch(session: Session) -> int:
    from torchlint.cli.watch import watch

    # The list of files is read once where it comes from standard input.
    options = {**session.options, "paths": session.paths, "files_from": None}

    def lint() -> None:
        forget_ignore_files()
        try:
            if _check(Session.of(options)) == INTERRUPTED:
                raise KeyboardInterrupt
        except (BadConfiguration, UnknownRule) as problem:
            click.echo(str(problem), err=True)

    def watched() -> list[str]:
        files = discover(session.there, session.filter)
        return [*files, *session.origins(files)]

    return watch(lint, watched)


def _show_files(session: Session) -> int:
    found = discover(session.there, session.filter)
    for path in found:
        click.echo(relative(path))
    return _tell_problems(session, found)


def _check(session: Session) -> int:
    loaded = session.load()
    wrong = _tell_problems(session, loaded.files.values())
    _tell_loaded(session, loaded)
    return max(wrong, _lint(session, loaded))


def _tell_problems(session: Session, files: Iterable[str]) -> int:
    """Tell what is wrong with configurations, whose files are linted all the same, and return the exit code."""
    found = session.problems(files)
    for problem in found:
        click.echo(str(problem), err=True)
    return 2 if found else 0


def _lint(session: Session, loaded: Project) -> int:
    start = time.monotonic()
    checks = session.checks(loaded)
    unreadable = session.reported(loaded.unreadable)

    def lint(programs: Sequence[Program]) -> list[Diagnostic]:
        with progress(not session.quiet) as tell:
            return session.run(programs, checks, tell)

    try:
        found = lint(loaded.programs)
    except Interrupted as stopped:
        click.echo(f"torchlint: interrupted when {stopped.done} of {stopped.total} programs were linted; nothing is changed", err=True)
        _report(session, loaded, [*unreadable, *session.presented(stopped.found)], {path: text.text for path, text in loaded.texts.items()})
        return INTERRUPTED
    _tell(session, f"{time.monotonic() - start:.2f} s")
    texts = {path: text.text for path, text in loaded.texts.items()}
    if session.options.get("add_ignore"):
        return add_ignores(session, loaded, found, texts)
    if not (session.fixes or session.options.get("diff")):
        return _report(session, loaded, [*unreadable, *found], texts)

    from torchlint.fix.rounds import fix_programs

    fixed = fix_programs(loaded.programs, found, lint, session.wants, loaded.takes)
    for path in fixed.refused:
        click.echo(f"torchlint: {path}: the fixes would break the file's syntax, so it was left as it is", err=True)
    if session.options.get("diff"):
        return show_diff(session, loaded, texts, fixed.texts, fixed.count)
    failed = write(session, loaded, fixed.texts)
    echo_stdin(session, loaded, {**texts, **fixed.texts})
    left = [] if session.options.get("fix_only") else [*unreadable, *fixed.diagnostics]
    code = _report(session, loaded, left, texts | dict(fixed.texts), fixed.applied)
    if fixed.count and session.options.get("exit_non_zero_on_fix"):
        code = max(code, 1)
    return 2 if failed else code


def _tell_loaded(session: Session, loaded: Project) -> None:
    if not (loaded.files or session.from_stdin or session.silent or session.problems()):
        click.echo("torchlint: no Python files were found under the given paths", err=True)
    _tell(session, f"configuration: {', '.join(session.origins(loaded.files.values())) or 'the defaults'}")
    linted = sum(len(program.linted) for program in loaded.programs)
    read = sum(len(program.sources) for program in loaded.programs)
    _tell(session, f"{linted} files to lint, {read - linted} read besides, as {len(loaded.programs)} programs")


def _tell(session: Session, text: str) -> None:
    if session.options.get("verbose"):
        click.echo(f"torchlint: {text}", err=True)


def _report(
    session: Session,
    loaded: Project,
    found: Sequence[Diagnostic],
    texts: Mapping[str, str],
    applied: Mapping[tuple[str, str, str], int] | None = None,
) -> int:
    found = sorted(found, key=lambda each: each.order)
    target = session.options.get("output_file")
    color = session.options.get("color") or "auto"
    report = Report(
        found,
        loaded.every_text | dict(texts),
        loaded.files,
        quiet=session.quiet,
        fixed=applied or {},
        show_fixes=bool(session.options.get("show_fixes")),
        fix_only=bool(session.options.get("fix_only")),
        color="never" if target and color == "auto" else color,
    )
    report = in_parts(report, loaded.texts)
    if name := session.options.get("write_baseline"):
        return _write_baseline(session, name, report)
    if name := session.options.get("baseline"):
        report = replace(report, diagnostics=without_known(report, name))
    format_name = session.settings.output_format
    put = statistics_writer(format_name) if session.options.get("statistics") else writer(format_name)
    if target:
        failure = _put_into(target, put, report)
        if failure is not None:
            click.echo(f"torchlint: {os.fspath(target)}: cannot be written: {failure}", err=True)
            return 2
    elif not session.silent:
        put(report, _stream(session))
    return session.exit_code(report.diagnostics)


def _put_into(target: str, put: Writer, report: Report) -> str | None:
    try:
        with open(target, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
            put(report, out)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _stream(session: Session) -> TextIO:
    """Where the report goes; standard output is taken where the fixed standard input goes there."""
    return sys.stderr if session.from_stdin and session.fixes else sys.stdout


def _write_baseline(session: Session, name: str, report: Report) -> int:
    try:
        write_baseline(name, report)
    except OSError as error:
        click.echo(f"torchlint: {name}: cannot be written: {error.strerror}", err=True)
        return 2
    if not session.quiet:
        count = len(report.diagnostics)
        click.echo(f"Wrote {count} problem{'' if count == 1 else 's'} to {name}.")
    return 0
