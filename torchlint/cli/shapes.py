"""`torchlint shapes FILE[:Class]`: a model's layers and the shapes that come out of them, without running it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from torchlint.cli.program import read_program

if TYPE_CHECKING:
    from torchlint.analysis.views.model_table import ModelTable


class Sizes(click.ParamType[tuple[int | str, ...]]):
    """`1,3,224,224`; a name stands for any size: `B,3,H,W`."""

    name = "sizes"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int | str, ...]:
        parts = [each.strip() for each in str(value).strip("()").split(",") if each.strip()]
        if not parts or not all(each.isdigit() or each.isidentifier() for each in parts):
            self.fail(f"{value!r} is no shape: write sizes and names with commas, as in 1,3,224,224 or B,3,H,W", param, ctx)
        return tuple(int(each) if each.isdigit() else each for each in parts)


@click.command(short_help="Show a model's layers and their output shapes, without running it.")
@click.argument("model", metavar="FILE[:NAME]")
@click.option("--input", "inputs", type=Sizes(), multiple=True, help="The shape of an input, as in 1,3,224,224; repeat it for several.")
@click.option("--format", "kind", type=click.Choice(["text", "json", "markdown", "svg"]), default="text", show_default=True)
def shapes(model: str, inputs: tuple[tuple[int | str, ...], ...], kind: str) -> None:
    """Show each layer of a model, the shape that comes out of it, its parameters, and where shapes do not fit.

    NAME is a class, a function that makes a model, or a variable that holds one; without it, each model of the file
    that is no part of another. Without --input, the shapes are those that the program gives the model, and else names
    for what the first layer leaves open. Nothing is run. The exit code is 1 where something does not fit.
    """
    from torchlint.analysis.views.model_table import NoModel, tables
    from torchlint.lint.linter import settings
    from torchlint.torch_api.dims import symbol

    path, name = _split(model)
    given = [tuple(symbol(each) if isinstance(each, str) else each for each in one) for one in inputs]
    with settings():
        program, trees, shown = read_program(path)
        try:
            found = tables(program, trees, shown, name, given)
        except NoModel as problem:
            raise click.UsageError(str(problem)) from None
    click.echo(_renderer(kind)(found))
    sys.exit(1 if any(each.problems for each in found) else 0)


def _split(model: str) -> tuple[str, str | None]:
    path, colon, name = model.rpartition(":")
    if os.path.isfile(model) or not colon:
        path, name = model, ""
    return path, name or None


def _renderer(kind: str) -> Callable[[Sequence[ModelTable]], str]:
    if kind == "svg":
        from torchlint.report.model_picture import as_svg

        return as_svg
    from torchlint.report import model_text

    return {"text": model_text.as_text, "json": model_text.as_json, "markdown": model_text.as_markdown}[kind]
