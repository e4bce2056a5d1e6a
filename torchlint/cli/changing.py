"""What `torchlint check` does to files: fixes and comments written back, or shown as a diff."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence

import click

from torchlint.diagnostic import Diagnostic
from torchlint.lint.session import Session
from torchlint.project.programs import Project
from torchlint.project.reading import write_back
from torchlint.project.text import lines_of


def add_ignores(session: Session, loaded: Project, found: Sequence[Diagnostic], texts: Mapping[str, str]) -> int:
    """Write a comment where each of `found` is, and return the exit code."""
    from torchlint.lint.ignoring import add_ignores

    new: dict[str, str] = {}
    total = 0
    # Nothing is changed in files whose configuration cannot be used.
    for path in sorted({each.place.path for each in found if session.settings_of(each.place.path).problem is None}):
        mine = [each for each in found if each.place.path == path]
        new[path], count = add_ignores(texts[path], mine, session.options.get("reason") or "")
        total += count
    failed = write(session, loaded, {path: text for path, text in new.items() if text != texts[path]})
    echo_stdin(session, loaded, {**texts, **new})
    if not session.quiet:
        click.echo(f"Silenced {total} problem{'' if total == 1 else 's'} by comments.", err=session.from_stdin)
    return 2 if failed else 0


def echo_stdin(session: Session, loaded: Project, texts: Mapping[str, str]) -> None:
    """Standard input goes to standard output with its changes; as it came where it was not linted."""
    if session.from_stdin:
        changed = [loaded.texts[path].encode(text) for path, text in texts.items()]
        sys.stdout.buffer.write(b"".join(changed) if texts else session.stdin)
        sys.stdout.buffer.flush()


def write(session: Session, loaded: Project, texts: Mapping[str, str]) -> bool:
    """Write new texts back to their files, and say whether any could not be written."""
    failed = False
    for path, text in texts.items():
        if session.from_stdin:
            continue
        try:
            write_back(loaded.files[path], loaded.texts[path], text)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            click.echo(f"torchlint: {path}: was not written: {why}", err=True)
            failed = True
    return failed


def show_diff(
    session: Session, loaded: Project, before: Mapping[str, str], after: Mapping[str, str], count: int
) -> int:
    """Print what would change, and return the exit code."""
    for path in sorted(after):
        parts = zip(loaded.texts[path].parts(before[path]), loaded.texts[path].parts(after[path]), strict=True)
        for old, new in parts:
            name = f"{path}:{old.name}" if old.name else path
            for line in difflib.unified_diff(lines_of(old.text), lines_of(new.text), name, name):
                if not session.silent:
                    sys.stdout.write(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    if not session.quiet:
        click.echo(f"Would fix {count} problem{'' if count == 1 else 's'}.", err=True)
    return 1 if after and not session.options.get("exit_zero") else 0
