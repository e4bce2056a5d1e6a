"""`torchlint config`: what is in force, and from where."""

from __future__ import annotations

import json
import os

import click


@click.command(short_help="Show the configuration in force, or its JSON schema.")
@click.argument("path", type=click.Path(exists=True), default=".")
@click.option("--schema", is_flag=True, help="Print the JSON schema of the table for editors.")
@click.option("--config", "named", multiple=True, metavar="FILE|KEY=VALUE", help="As in `torchlint check`.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
def config(path: str, schema: bool, named: tuple[str, ...], isolated: bool) -> None:
    """Show each option's value in force for the file or folder PATH, and where it was set."""
    from torchlint.lint.overlay import settings_in_force, with_declared_torch
    from torchlint.project import config as configuration

    if schema:
        click.echo(json.dumps(configuration.schema(), indent=2))
        return
    start = os.path.abspath(path)
    folder = start if os.path.isdir(start) else os.path.dirname(start)
    try:
        settings = settings_in_force(folder, {"config": named, "isolated": isolated})
        if not isolated:
            settings = with_declared_torch(settings, folder)
    except configuration.BadConfiguration as problem:
        click.echo(str(problem), err=True)
        raise SystemExit(2) from None
    click.echo(f"# from {settings.origin or 'the defaults; no configuration file was found'}")
    for name, option in configuration.OPTIONS.items():
        value = getattr(settings, option.name)
        origin = settings.places.get(option.name)
        line = f"{name} = {_toml(value)}" if value is not None else f"# {name} is not set"
        click.echo(f"{line}  # {origin}" if origin else line)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return json.dumps(value)
