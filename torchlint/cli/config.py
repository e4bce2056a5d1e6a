"""`torchlint config`: what is in force, and from where."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from torchlint.project.files import Rooted

if TYPE_CHECKING:
    from torchlint.project.config import Settings


@click.command(short_help="Show the configuration in force, or its JSON schema.")
@click.argument("path", type=click.Path(exists=True), default=".")
@click.option("--schema", is_flag=True, help="Print the JSON schema of the table for editors.")
@click.option("--config", "named", multiple=True, metavar="FILE|KEY=VALUE", help="As in `torchlint check`.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
def config(path: str, schema: bool, named: tuple[str, ...], isolated: bool) -> None:
    """Show each option's value in force for the file or folder PATH, and where it was set."""
    from torchlint.lint.configurations import Configurations, problems
    from torchlint.lint.overlay import with_declared_torch
    from torchlint.project import config as configuration

    if schema:
        click.echo(json.dumps(configuration.schema(), indent=2))
        return
    start = os.path.abspath(path)
    folder = start if os.path.isdir(start) else os.path.dirname(start)
    try:
        configurations = Configurations({"config": named, "isolated": isolated}, os.getcwd())
    except configuration.BadConfiguration as problem:
        click.echo(str(problem), err=True)
        raise SystemExit(2) from None
    settings, of_run = configurations.of(folder), configurations.of_run(os.getcwd(), folder)
    if found := problems([settings, of_run]):
        for each in found:
            click.echo(str(each), err=True)
        raise SystemExit(2)
    if not isolated:
        settings = with_declared_torch(settings, folder)
    _show(settings, of_run=False)
    click.echo("\n# Of a run as a whole, whichever files it lints:")
    _show(of_run, of_run=True)


def _show(settings: Settings, of_run: bool) -> None:
    from torchlint.project.config import OPTIONS

    files = ", which extends ".join(settings.origins)
    click.echo(f"# from {files or 'the defaults; no configuration file was found'}")
    for name, option in OPTIONS.items():
        if option.metadata["of_run"] == of_run:
            value = getattr(settings, option.name)
            line = f"{name} = {_toml(value)}" if value is not None else f"# {name} is not set"
            places = ", ".join(settings.places.get(option.name, ()))
            click.echo(f"{line}  # {places}" if places else line)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value.text if isinstance(value, Rooted) else value)
