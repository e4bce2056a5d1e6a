"""`torchlint clean`: forget what the cache knows."""

from __future__ import annotations

import click


@click.command(short_help="Empty the cache.")
@click.option("--cache-dir", metavar="FOLDER", envvar="TORCHLINT_CACHE_DIR", help="Where the cache is.")
def clean(cache_dir: str | None) -> None:
    """Empty the cache. Nothing in it is ever out of date; this gives its space back."""
    from torchlint.lint.cache import Cache, default_folder

    folder = cache_dir or default_folder()
    Cache(folder).delete()
    click.echo(f"The cache in {folder} is empty.")
