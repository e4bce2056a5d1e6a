"""A file that a command asks about, with the program that it is part of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from torchlint.project.program import Program
    from torchlint.syntax.tree import Tree


def read_program(path: str) -> tuple[Program, dict[str, Tree], str]:
    """The program that a file is part of, its trees, and the file's name in it.

    Raises click's errors for a file that is not there or that cannot be read as Python.
    """
    from torchlint.lint.plugins import BadPlugin, load_handlers
    from torchlint.project import programs
    from torchlint.syntax.tree import SyntaxProblem, parse

    if not os.path.isfile(path):
        raise click.UsageError(f"there is no file {path}")
    try:
        load_handlers()
    except BadPlugin as bad:
        raise click.ClickException(str(bad)) from bad
    loaded = programs.load([os.path.abspath(path)], [])
    for problem in loaded.unreadable:
        raise click.ClickException(problem.message)
    program = loaded.programs[0]
    (shown,) = program.linted
    trees: dict[str, Tree] = {}
    for name, source in program.sources.items():
        try:
            trees[name] = parse(source)
        except SyntaxProblem as broken:
            if name == shown:
                start = broken.place.span.start
                raise click.ClickException(f"{path}:{start.row}:{start.column}: {broken.message}") from broken
    return program, trees, shown
