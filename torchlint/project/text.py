"""Texts as they are read and written back: encodings, byte order marks, the pieces that a person sees."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from itertools import pairwise

from torchlint.diagnostic import Position

NEWLINE = re.compile(r"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
_COOKIE = re.compile(rb"coding[:=]")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a program as a person sees it: its name, its text, and the program's row where it starts."""

    name: str
    text: str
    row: int
    cell: int | None = None


@dataclass(frozen=True)
class Text:
    """A decoded file and what is needed to write it back as it was: newlines are kept in `text`.

    `problems` are places that could not be read and were left out of the text. `digest` tells the file's
    bytes from others, so that nothing is written over what someone else has changed meanwhile.
    """

    text: str
    encoding: str = "utf-8"
    bom: bool = False
    problems: tuple[tuple[str, Position], ...] = ()
    digest: bytes = b""

    def parts(self, text: str) -> list[Part]:
        """The pieces that a person sees of a program: the cells of a notebook; of a file, itself."""
        return [Part("", text, 1)]

    def encode(self, text: str) -> bytes:
        """`text` as this file's bytes. Raises UnicodeEncodeError where its encoding lacks a character."""
        return (_BOM if self.bom else b"") + text.encode(self.encoding)


class Unreadable(Exception):
    """A file that gives no text: why, and where if that is known."""

    def __init__(self, message: str, position: Position = Position(1, 1)) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends, as Python counts them: a form feed or U+2028 ends none."""
    ends = [0, *(match.end() for match in NEWLINE.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(ends) if start < end]


def decode(data: bytes) -> Text:
    """The text of a Python file's bytes: UTF-8, or what its PEP 263 cookie says.

    Raises Unreadable for NUL bytes, unknown encodings and bytes that the encoding does not know.
    """
    bom = data.startswith(_BOM)
    if bom:
        data = data[len(_BOM) :]
    if (nul := data.find(b"\0")) >= 0:
        raise Unreadable("contains NUL bytes and is no Python source", _position(data, nul))
    encoding = "utf-8"
    if not bom and _COOKIE.search(data, 0, 400):
        encoding = _declared(data)
    try:
        return Text(data.decode(encoding), encoding, bom)
    except UnicodeDecodeError as error:
        message = f"is not {encoding.upper()}: byte 0x{data[error.start]:02x} (name its encoding in the first line, or convert it)"
        raise Unreadable(message, _position(data, error.start)) from None


def _declared(data: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        data[:0].decode(encoding)
    except (SyntaxError, LookupError) as error:
        if "invalid or missing encoding" in str(error):
            return "utf-8"  # the decoding that follows finds the byte
        raise Unreadable(f"names an encoding that Python does not know ({error})") from None
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _position(data: bytes, offset: int) -> Position:
    rows = NEWLINE.split(data[:offset].decode("utf-8", errors="replace"))
    return Position(len(rows), len(rows[-1]) + 1)
