"""The command line: `torchlint path/` is `torchlint check path/`."""

from __future__ import annotations

import gc
import io
import os
import sys

import click
from click_default_group import DefaultGroup

from torchlint import __version__
from torchlint.cli.check import check
from torchlint.cli.clean import clean
from torchlint.cli.completion import completion
from torchlint.cli.config import config
from torchlint.cli.explain import explain
from torchlint.cli.merge import merge
from torchlint.cli.prove import prove
from torchlint.cli.rule import rule
from torchlint.cli.server import server
from torchlint.cli.shapes import shapes

# About as many objects take half a gigabyte; a process that is short leaves garbage where it is until there are more.
MOST_OBJECTS = 5_000_000


@click.group(
    cls=DefaultGroup,
    default="check",
    default_if_no_args=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="torchlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Find the pitfalls in PyTorch programs, without running them.

    `torchlint PATH…` is short for `torchlint check PATH…`. The exit code is 0 where nothing was
    found, 1 where something was, and 2 for wrong usage, a wrong configuration or an internal error.
    """


cli.add_command(check)
cli.add_command(rule)
cli.add_command(prove)
cli.add_command(explain)
cli.add_command(shapes)
cli.add_command(config)
cli.add_command(merge)
cli.add_command(server)
cli.add_command(clean)
cli.add_command(completion)


def main() -> None:
    """The entry point. What goes wrong in torchlint itself is one line and exit code 2.

    With TORCHLINT_TRACEBACK set, the traceback is shown besides.
    """
    # A name or text that the terminal's encoding lacks is shown escaped, which JSON reads back.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    gc.set_threshold(MOST_OBJECTS)
    try:
        cli(prog_name="torchlint")
    except BrokenPipeError:
        # The reader has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
    except Exception as error:
        if os.environ.get("TORCHLINT_TRACEBACK"):
            raise
        text = " ".join(f"{type(error).__name__}: {error}".split())
        click.echo(f"torchlint: internal error ({text}); please report it", err=True)
        sys.exit(2)
    finally:
        # What is left goes with the process: no last collection needs to look at it.
        gc.freeze()
