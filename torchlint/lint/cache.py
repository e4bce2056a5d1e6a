"""What is known already: diagnostics by the content of whole programs, in one small database.

Nothing is ever out of date: the key is made of all that decides the answer, which is the texts of
the program, what is asked of it, and torchlint and Python themselves.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import torchlint
from torchlint import __version__
from torchlint.diagnostic import Diagnostic
from torchlint.lint.checks import Checks
from torchlint.lint.encoding import decode, encode
from torchlint.lint.interrupted import Interrupted
from torchlint.lint.plugins import plugin_fingerprint
from torchlint.own_rules import INTERNAL_ERROR
from torchlint.project.program import Program

if TYPE_CHECKING:
    import sqlite3

_FILE = "cache.sqlite"
_KEPT_SECONDS = 60 * 86400
_ROWS_A_QUESTION = 500


class Cache:
    """A table of bytes by key in a file. It never fails: what cannot be read is not known."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._open: sqlite3.Connection | None = None

    def get(self, keys: Sequence[str]) -> dict[str, str]:
        """What is known of `keys`."""
        found: dict[str, str] = {}
        for part in _parts(keys):
            marks = ",".join("?" * len(part))
            found.update(self._ask(f"SELECT key, value FROM known WHERE key IN ({marks})", part))
        return found

    def put(self, values: Mapping[str, str]) -> None:
        """Remember values; what has not been written anew for two months is forgotten."""
        now = int(time.time())
        self._ask("DELETE FROM known WHERE written < ?", [now - _KEPT_SECONDS])
        self._ask_many("REPLACE INTO known VALUES (?, ?, ?)", [(key, value, now) for key, value in values.items()])

    def delete(self) -> None:
        """Forget everything, and give its space back."""
        if self._open is not None:
            self._open.close()
            self._open = None
        with suppress(OSError):
            os.unlink(os.path.join(self.folder, _FILE))

    def _ask(self, statement: str, values: Sequence[Any]) -> list[tuple[str, str]]:
        import sqlite3

        try:
            with self._connection() as connection:
                return connection.execute(statement, values).fetchall()
        except (sqlite3.Error, OSError):
            return []

    def _ask_many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        import sqlite3

        try:
            with self._connection() as connection:
                connection.executemany(statement, rows)
        except (sqlite3.Error, OSError):
            return

    def _connection(self) -> sqlite3.Connection:
        import sqlite3

        if self._open is None:
            os.makedirs(self.folder, exist_ok=True)
            path = os.path.join(self.folder, _FILE)
            try:
                self._open = _table(path)
            except sqlite3.DatabaseError:
                os.unlink(path)
                self._open = _table(path)
        return self._open


def _table(path: str) -> sqlite3.Connection:
    import sqlite3

    connection = sqlite3.connect(path, timeout=5)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE IF NOT EXISTS known (key TEXT PRIMARY KEY, value TEXT, written INTEGER)")
    return connection


def default_folder() -> str:
    """The folder of the cache: $TORCHLINT_CACHE_DIR, or the user's cache folder."""
    if given := os.environ.get("TORCHLINT_CACHE_DIR"):
        return given
    from platformdirs import user_cache_dir

    return user_cache_dir("torchlint", appauthor=False)


def run_cached(
    programs: Sequence[Program],
    checks: Checks,
    run: Callable[[Sequence[Program]], list[Diagnostic]],
    known: Cache,
) -> list[Diagnostic]:
    """What `run` reports of the programs, which is asked only about those that are not known."""
    keys = [program_key(program, checks) for program in programs]
    values = known.get(keys)
    found = [each for key in keys if key in values for each in decode(values[key])]
    missing = {key: program for key, program in zip(keys, programs, strict=True) if key not in values}
    if not missing:
        return sorted(found, key=lambda each: each.order)
    try:
        fresh = run(list(missing.values()))
    except Interrupted as stopped:
        done = len(programs) - stopped.total + stopped.done
        raise Interrupted(sorted([*found, *stopped.found], key=lambda each: each.order), done, len(programs)) from None
    owner = {path: key for key, program in missing.items() for path in program.linted}
    by_key: dict[str, list[Diagnostic]] = {key: [] for key in missing}
    for each in fresh:
        by_key[owner[each.place.path]].append(each)
    failed = {owner[each.place.path] for each in fresh if each.code == INTERNAL_ERROR.code}
    known.put({key: encode(reports) for key, reports in by_key.items() if key not in failed})
    return sorted([*found, *fresh], key=lambda each: each.order)


def program_key(program: Program, checks: Checks) -> str:
    """A key that differs wherever the diagnostics of the program could."""
    paths = sorted(program.sources)
    choices = checks.choices(program)
    numbers = {each: number for number, each in enumerate(dict.fromkeys(choices))}
    asked = {
        "torchlint": [fingerprint(), plugin_fingerprint() if checks.plugins else ""],
        "choices": [[sorted(each.codes), sorted(each.ignored), each.unused, each.complete] for each in numbers],
        "chosen": [numbers[each] for each in choices],
        "comments": checks.comments,
        "targets": [program.targets.get(path) for path in paths],
        "roots": program.roots,
        "files": [[path, path in program.linted, len(program.sources[path].text)] for path in paths],
    }
    digest = hashlib.blake2b(json.dumps(asked, sort_keys=True).encode(), digest_size=20)
    for path in paths:
        digest.update(program.sources[path].text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


@cache
def fingerprint() -> str:
    """A key that differs between versions of torchlint, of its files, and of Python."""
    digest = hashlib.blake2b(f"{__version__} {sys.version}".encode(), digest_size=16)
    for path, state in sorted(_files(os.path.dirname(torchlint.__file__))):
        digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() and entry.name not in ("__pycache__", "pages"):
                yield from _files(entry.path)
            elif entry.name.endswith(".py"):
                yield entry.path, entry.stat()


def _parts(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _ROWS_A_QUESTION] for start in range(0, len(keys), _ROWS_A_QUESTION))
