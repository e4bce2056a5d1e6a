"""Files to texts and back: encodings, byte order marks, atomic writes."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import tempfile
import tokenize
from dataclasses import dataclass
from pathlib import Path

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

    `problems` are places that could not be read and were left out of the text.
    """

    text: str
    encoding: str = "utf-8"
    bom: bool = False
    problems: tuple[tuple[str, Position], ...] = ()

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


def read_file(path: str) -> Text:
    """The program of a file, by its name's ending. Raises Unreadable with one line that says why not."""
    return text_of(path, read_bytes(path))


def text_of(path: str, data: bytes) -> Text:
    """The program of a file's bytes: a notebook's cells, a Markdown file's blocks, or plain Python."""
    if path.endswith(".ipynb"):
        from torchlint.notebook import read_notebook

        return read_notebook(data)
    if path.endswith((".md", ".markdown")):
        from torchlint.markdown import read_markdown

        return read_markdown(data)
    return decode(data)


def read_bytes(path: str | Path) -> bytes:
    """A file's bytes. Raises Unreadable with one line that says why there are none."""
    try:
        # A pipe with a file's name would keep whoever opens it waiting.
        if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
            raise Unreadable("is no regular file")
        with open(path, "rb") as file:
            return file.read()
    except IsADirectoryError:
        raise Unreadable("is a directory, not a file") from None
    except PermissionError:
        raise Unreadable("cannot be read: permission denied") from None
    except FileNotFoundError:
        message = "is a broken symbolic link" if os.path.islink(path) else "does not exist"
        raise Unreadable(message) from None
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from None


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


def write_atomically(path: str | Path, data: bytes) -> None:
    """Replace a file's content at once, keeping its mode; a link's target is replaced, not the link."""
    target = os.path.realpath(path)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".torchlint-")
    try:
        with open(handle, "wb") as file:
            file.write(data)
        with contextlib.suppress(FileNotFoundError):
            os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
