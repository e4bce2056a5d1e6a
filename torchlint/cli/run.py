"""The steps of `torchlint check`: load, lint, fix, report."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import click

from torchlint.baseline import without_known, write_baseline
from torchlint.cli.progress import progress
from torchlint.diagnostic import Diagnostic
from torchlint.files import discover
from torchlint.program import Program
from torchlint.project import Project
from torchlint.reading import write_atomically
from torchlint.report.base import Report, writer
from torchlint.report.parts import in_parts
from torchlint.session import Session


def run_check(session: Session) -> int:
    """Do what the options ask for, and return the exit code."""
    if session.options.get("watch"):
        from torchlint.cli.watch import watch

        return watch(lambda: _check(session), lambda: discover(session.paths, session.filter))
    return _check(session)


def _check(session: Session) -> int:
    loaded = session.load()
    if not loaded.files and not session.from_stdin:
        click.echo("torchlint: no Python files were found under the given paths", err=True)
    checks = session.checks(loaded)
    unreadable = session.reported(loaded.unreadable)

    def lint(programs: Sequence[Program]) -> list[Diagnostic]:
        with progress(not session.options.get("quiet")) as tell:
            return session.run(programs, checks, tell)

    found = lint(loaded.programs)
    texts = {path: text.text for path, text in loaded.texts.items()}
    if session.options.get("add_ignore"):
        return _add_ignores(session, loaded, found, texts)
    if not (session.options.get("fix") or session.options.get("diff")):
        return _report(session, loaded, [*unreadable, *found], texts)

    from torchlint.fixing import fix_programs

    fixed = fix_programs(loaded.programs, found, lint, session.wants, loaded.takes)
    for path in fixed.refused:
        click.echo(f"torchlint: {path}: the fixes would break the file's syntax, so it was left as it is", err=True)
    if session.options.get("diff"):
        return _show_diff(session, loaded, texts, fixed.texts, fixed.count)
    failed = _write(session, loaded, fixed.texts)
    _echo_stdin(session, loaded, {**texts, **fixed.texts})
    code = _report(session, loaded, [*unreadable, *fixed.diagnostics], texts | dict(fixed.texts), fixed.count)
    return 2 if failed else code


def _add_ignores(session: Session, loaded: Project, found: Sequence[Diagnostic], texts: Mapping[str, str]) -> int:
    from torchlint.ignoring import add_ignores

    new: dict[str, str] = {}
    total = 0
    for path in sorted({each.place.path for each in found}):
        new[path], count = add_ignores(texts[path], [each for each in found if each.place.path == path])
        total += count
    failed = _write(session, loaded, {path: text for path, text in new.items() if text != texts[path]})
    _echo_stdin(session, loaded, {**texts, **new})
    if not session.options.get("quiet"):
        click.echo(f"Silenced {total} problem{'' if total == 1 else 's'} by comments.", err=session.from_stdin)
    return 2 if failed else 0


def _echo_stdin(session: Session, loaded: Project, texts: Mapping[str, str]) -> None:
    """Standard input that was changed goes to standard output."""
    if session.from_stdin:
        for path, text in texts.items():
            sys.stdout.buffer.write(loaded.texts[path].encode(text))


def _write(session: Session, loaded: Project, texts: Mapping[str, str]) -> bool:
    failed = False
    for path, text in texts.items():
        if session.from_stdin:
            continue
        try:
            write_atomically(loaded.files[path], loaded.texts[path].encode(text))
        except (OSError, ValueError) as error:
            click.echo(f"torchlint: {path}: cannot be written: {error}", err=True)
            failed = True
    return failed


def _show_diff(
    session: Session, loaded: Project, before: Mapping[str, str], after: Mapping[str, str], count: int
) -> int:
    for path in sorted(after):
        parts = zip(loaded.texts[path].parts(before[path]), loaded.texts[path].parts(after[path]), strict=True)
        for old, new in parts:
            name = f"{path}:{old.name}" if old.name else path
            rows = (old.text.splitlines(keepends=True), new.text.splitlines(keepends=True))
            for line in difflib.unified_diff(*rows, name, name):
                sys.stdout.write(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    if not session.options.get("quiet"):
        click.echo(f"Would fix {count} problem{'' if count == 1 else 's'}.", err=True)
    return 1 if after and not session.options.get("exit_zero") else 0


def _report(
    session: Session, loaded: Project, found: Sequence[Diagnostic], texts: Mapping[str, str], fixed: int = 0
) -> int:
    found = sorted(found, key=lambda each: each.order)
    report = in_parts(Report(found, texts, loaded.files, bool(session.options.get("quiet")), fixed), loaded.texts)
    if name := session.options.get("write_baseline"):
        return _write_baseline(session, name, report)
    if name := session.options.get("baseline"):
        report = replace(report, diagnostics=without_known(report, name))
    write = writer(session.settings.output_format)
    if session.options.get("statistics"):
        from torchlint.report.text import write_statistics as write
    target = session.options.get("output_file")
    if target:
        try:
            with open(target, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
                write(report, out)
        except OSError as error:
            click.echo(f"torchlint: {os.fspath(target)}: cannot be written: {error.strerror}", err=True)
            return 2
    else:
        write(report, sys.stderr if session.from_stdin and session.options.get("fix") else sys.stdout)
    return session.exit_code(report.diagnostics)


def _write_baseline(session: Session, name: str, report: Report) -> int:
    try:
        write_baseline(name, report)
    except OSError as error:
        click.echo(f"torchlint: {name}: cannot be written: {error.strerror}", err=True)
        return 2
    if not session.options.get("quiet"):
        count = len(report.diagnostics)
        click.echo(f"Wrote {count} problem{'' if count == 1 else 's'} to {name}.")
    return 0
