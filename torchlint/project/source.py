"""One file's text, as the program and the user know it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A file: the path by which it is known and its decoded text (newlines as in the file)."""

    path: str
    text: str
