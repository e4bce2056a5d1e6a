"""`torchlint rule`: a rule's page on the terminal, or the list of all rules."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from torchlint.lint.listing import Listed


@click.command(short_help="Show a rule's page, or list all rules.")
@click.argument("names", nargs=-1, metavar="[CODE|NAME]…")
@click.option("--all", "every", is_flag=True, help="List every rule.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="How rules are written.")
def rule(names: tuple[str, ...], every: bool, output_format: str) -> None:
    """Show the page of each rule named, by code (TL401) or name (softmax-before-cross-entropy)."""
    from torchlint.lint.listing import listed_rules

    if not every and not names:
        raise click.UsageError("name a rule, or list them with --all")
    chosen = listed_rules() if every else [_named(name) for name in names]
    if output_format == "json":
        click.echo(json.dumps([_as_object(each) for each in chosen], indent=2, ensure_ascii=False))
    elif every:
        for each in chosen:
            state = "on " if each.default else "off"
            click.echo(f"{each.code}  {each.severity:7}  {state}  fix: {each.fix:14}  {each.name}")
    else:
        for each in chosen:
            _show(each)


def _named(name: str) -> Listed:
    from torchlint.lint.listing import listed_rules
    from torchlint.lint.selection import UnknownRule, check_selectors

    for each in listed_rules():
        if name == each.name or name.upper() == each.code:
            return each
    try:
        check_selectors([name], listed_rules())
        message = f"`{name}` is no single rule; `torchlint rule --all` lists them"
    except UnknownRule as problem:
        message = str(problem)
    raise click.UsageError(message)


def _show(each: Listed) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if console.is_terminal:
        from rich.markdown import Markdown

        console.print(Markdown(each.text))
    else:
        sys.stdout.write(each.text)


def _as_object(each: Listed) -> dict[str, object]:
    return {
        "code": each.code,
        "name": each.name,
        "family": each.family,
        "severity": each.severity,
        "default": each.default,
        "fix": each.fix,
        "summary": each.summary,
        "explanation": each.text,
        "url": each.url,
    }
