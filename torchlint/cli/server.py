"""`torchlint server`: the language server."""

from __future__ import annotations

import sys

import click


@click.command(short_help="Run the language server (for editors).")
def server() -> None:
    """Serve an editor by the Language Server Protocol, on standard input and output.

    Needs the extra `lsp`: pip install 'torchlint[lsp]'.
    """
    try:
        import pygls  # noqa: F401
    except ImportError:
        click.echo("torchlint: the language server needs more: pip install 'torchlint[lsp]'", err=True)
        sys.exit(2)
    from torchlint.server import serve

    sys.exit(serve())
