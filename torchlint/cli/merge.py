"""`torchlint merge`: the reports of several runs as one."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

_FORMATS = click.Choice(["json", "json-lines"])


@click.command(short_help="Join the JSON reports of runs with --shard.")
@click.argument("reports", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False), metavar="REPORT…")
@click.option("--output-format", type=_FORMATS, default="json", show_default=True, help="How problems are written.")
@click.option("-e", "--exit-zero", is_flag=True, help="Exit with 0 even where problems were found.")
def merge(reports: tuple[str, ...], output_format: str, exit_zero: bool) -> None:
    """Join REPORTs, as `--output-format json` or `json-lines` wrote them, sorted by place, each problem once."""
    found: dict[str, dict[str, Any]] = {}
    for name in reports:
        for each in _problems(name):
            found[json.dumps(each, sort_keys=True)] = each
    try:
        ordered = sorted(found.values(), key=_place)
    except (KeyError, TypeError):
        raise click.ClickException("a report holds what is no problem of torchlint") from None
    if output_format == "json":
        click.echo(json.dumps(ordered, indent=2, ensure_ascii=False))
    else:
        for each in ordered:
            click.echo(json.dumps(each, ensure_ascii=False))
    sys.exit(1 if ordered and not exit_zero else 0)


def _problems(name: str) -> list[dict[str, Any]]:
    with open(name, encoding="utf-8") as file:
        text = file.read()
    try:
        whole = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
    except ValueError as error:
        raise click.UsageError(f"{name}: this is no JSON report: {error}") from None
    if not all(isinstance(each, dict) for each in whole):
        raise click.UsageError(f"{name}: this is no JSON report")
    return list(whole)


def _place(each: dict[str, Any]) -> tuple[str, int, int, int, str]:
    location = each["location"]
    return (each["filename"], each.get("cell") or 0, location["row"], location["column"], each["code"])
