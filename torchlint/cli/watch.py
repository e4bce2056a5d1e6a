"""`torchlint check --watch`: lint anew whenever a file changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import click

_SECONDS = 0.5

State = dict[str, tuple[int, int]]


def watch(lint: Callable[[], None], watched: Callable[[], list[str]]) -> int:
    """Call `lint`, and again when one of the `watched` files is changed, made or deleted; until Ctrl-C."""
    while True:
        before = _state(watched())
        lint()
        click.echo("Watching for changes; Ctrl-C ends.", err=True)
        while _state(watched()) == before:
            time.sleep(_SECONDS)
        click.echo(f"\n{time.strftime('%H:%M:%S')} something changed.", err=True)


def _state(files: list[str]) -> State:
    found: State = {}
    for path in files:
        try:
            stat = os.stat(path)
        except OSError:
            continue
        found[path] = (stat.st_mtime_ns, stat.st_size)
    return found
