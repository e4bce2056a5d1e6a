"""`torchlint config`: what is in force, and from where."""

from __future__ import annotations

import json
import os

import click


@click.command(short_help="Show the configuration in force, or its JSON schema.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False), default=".")
@click.option("--schema", is_flag=True, help="Print the JSON schema of the table for editors.")
def config(folder: str, schema: bool) -> None:
    """Show each option's value in force for FOLDER, and where it comes from."""
    from torchlint import config as configuration

    if schema:
        click.echo(json.dumps(configuration.schema(), indent=2))
        return
    try:
        settings = configuration.settings_for(os.path.abspath(folder))
    except configuration.BadConfiguration as problem:
        click.echo(str(problem), err=True)
        raise SystemExit(2) from None
    default = configuration.Settings()
    click.echo(f"# from {settings.origin or 'the defaults; no configuration file was found'}")
    for name, option in configuration.OPTIONS.items():
        value = getattr(settings, option.name)
        origin = "" if value == getattr(default, option.name) else "  # set"
        click.echo(f"{name} = {_toml(value)}{origin}")


def _toml(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
