"""`torchlint rule`: a rule's page on the terminal, or the list of all rules."""

from __future__ import annotations

import sys

import click


@click.command(short_help="Show a rule's page, or list all rules.")
@click.argument("names", nargs=-1, metavar="[CODE|NAME]…")
@click.option("--all", "every", is_flag=True, help="List every rule.")
def rule(names: tuple[str, ...], every: bool) -> None:
    """Show the page of each rule named, by code (TL401) or name (softmax-before-cross-entropy)."""
    from rich.console import Console

    from torchlint.catalogue import everything
    from torchlint.selection import UnknownRule, check_selectors

    console = Console(highlight=False, soft_wrap=every)
    if every or not names:
        if not every:
            raise click.UsageError("name a rule, or list them with --all")
        for each in everything():
            console.print(f"{each.code}  {each.severity:7}  {'on ' if each.default else 'off'}  {each.name}", markup=False)
        return
    for name in names:
        text = _text(name)
        if text is None:
            try:
                check_selectors([name], everything())
                message = f"`{name}` is no single rule; `torchlint rule --all` lists them"
            except UnknownRule as problem:
                message = str(problem)
            raise click.UsageError(message)
        if console.is_terminal:
            from rich.markdown import Markdown

            console.print(Markdown(text))
        else:
            sys.stdout.write(text)


def _text(name: str) -> str | None:
    from torchlint.catalogue import catalogue
    from torchlint.own_rules import OWN_RULES

    for each in catalogue():
        if name == each.name or name.upper() == each.code:
            return _page(each.name) or f"# {each.name} ({each.code})\n\nThis rule has no page yet.\n"
    for own in OWN_RULES:
        if name == own.name or name.upper() == own.code:
            return _page(own.name) or f"# {own.name} ({own.code})\n\n{own.meaning[0].upper()}{own.meaning[1:]}.\n"
    return None


def _page(name: str) -> str | None:
    from torchlint.pages import load_page

    try:
        return load_page(name).text
    except KeyError:
        return None
