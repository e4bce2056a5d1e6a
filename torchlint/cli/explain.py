"""`torchlint explain FILE:LINE`: the facts known at a line."""

from __future__ import annotations

import os

import click


@click.command(short_help="Show what is known of each variable at a line.")
@click.argument("place", metavar="FILE:LINE")
def explain(place: str) -> None:
    """Show what torchlint knows of each variable right after a line.

    Of a tensor: shape, dtype, requires_grad, is_leaf, whether a backward pass would keep its grad,
    and the last activation applied; of a module: training or evaluation mode. An empty cell is
    something that is not known, and on which no rule is ever founded.
    """
    from torchlint import project
    from torchlint.semantics.explain import explain as facts_at
    from torchlint.semantics.explain import rows
    from torchlint.syntax import SyntaxProblem, Tree, parse

    path, _, line = place.rpartition(":")
    if not path or not line.isdigit():
        raise click.UsageError(f"{place!r} is no place: write FILE:LINE, as in train.py:12")
    if not os.path.isfile(path):
        raise click.UsageError(f"there is no file {path}")
    loaded = project.load([os.path.abspath(path)], [])
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
    variables = facts_at(program, trees, shown, int(line))
    if not variables:
        click.echo(f"{place}: no statement that runs stands on this line, or no variable is known there")
        return
    table = list(rows(variables))
    widths = [max(len(row[index]) for row in table) for index in range(len(table[0]))]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
