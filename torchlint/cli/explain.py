"""`torchlint explain FILE:LINE`: the facts known at a line."""

from __future__ import annotations

import click

from torchlint.cli.program import read_program


@click.command(short_help="Show what is known of each variable at a line.")
@click.argument("place", metavar="FILE:LINE")
def explain(place: str) -> None:
    """Show what torchlint knows of each variable right after a line.

    Of a tensor: shape, dtype, requires_grad, is_leaf, whether a backward pass would keep its grad,
    and the last activation applied; of a module: training or evaluation mode. An empty cell is
    something that is not known, and on which no rule is ever founded.
    """
    from torchlint.analysis.views.explain import explain as facts_at
    from torchlint.analysis.views.explain import rows

    path, _, line = place.rpartition(":")
    if not path or not line.isdigit():
        raise click.UsageError(f"{place!r} is no place: write FILE:LINE, as in train.py:12")
    program, trees, shown = read_program(path)
    variables = facts_at(program, trees, shown, int(line))
    if not variables:
        click.echo(f"{place}: no statement that runs stands on this line, or no variable is known there")
        return
    table = list(rows(variables))
    widths = [max(len(row[index]) for row in table) for index in range(len(table[0]))]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
