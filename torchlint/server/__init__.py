"""The language server: the same linter, asked by an editor."""

from __future__ import annotations


def serve() -> int:
    """Serve one client on standard input and output, and return the exit code.

    Raises ImportError where the extra `lsp` is not installed.
    """
    from torchlint.server.requests import register
    from torchlint.server.server import TorchlintServer

    server = TorchlintServer()
    register(server)
    return server.serve()
