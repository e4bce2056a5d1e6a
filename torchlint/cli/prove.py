"""`torchlint prove`: what the rules claim, shown under the user's torch."""

from __future__ import annotations

import sys

import click


@click.command(short_help="Run the rules' examples under your torch, and tell what was seen.")
@click.argument("names", nargs=-1, metavar="[CODE|NAME]…")
@click.option(
    "--python",
    default=sys.executable,
    help="The interpreter that has torch; default: the one that runs torchlint.",
)
def prove(names: tuple[str, ...], python: str) -> None:
    """Run the example of each rule named, or of all, and what its page advises instead.

    Prints a line a rule: what torch did with the example, and with what is advised instead. The exit
    code is 1 where torch did not do what a page says, and 2 where there is no torch.
    """
    from torchlint.evidence.prove import NoTorch, prove_rules, torch_version
    from torchlint.lint.catalogue import catalogue

    known = {each.code: each.name for each in catalogue()}
    chosen = [known.get(name.upper(), name) for name in names]
    for name in chosen:
        if name not in known.values():
            raise click.UsageError(f"`{name}` is no single rule; `torchlint rule --all` lists them")
    try:
        click.echo(f"torch {torch_version(python)}")
    except NoTorch as problem:
        click.echo(
            f"torchlint: no torch to prove anything with ({problem}); name an interpreter that has it with --python",
            err=True,
        )
        raise SystemExit(2) from None
    failed = 0
    for proof in prove_rules(chosen or list(known.values()), python):
        click.echo(proof.line)
        failed += bool(proof.against)
    raise SystemExit(min(failed, 1))
