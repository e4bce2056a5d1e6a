"""Files to texts, by their names' endings, and back to files: atomic writes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

from torchlint.project.text import Text, Unreadable, decode


def read_file(path: str) -> Text:
    """The program of a file, by its name's ending. Raises Unreadable with one line that says why not."""
    data = read_bytes(path)
    return replace(text_of(path, data), digest=_digest(data))


def text_of(path: str, data: bytes) -> Text:
    """The program of a file's bytes: a notebook's cells, a Markdown file's blocks, or plain Python."""
    if path.endswith(".ipynb"):
        from torchlint.project.notebook import read_notebook

        return read_notebook(data)
    if path.endswith((".md", ".markdown")):
        from torchlint.project.markdown import read_markdown

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
        why = "a symbolic link that leads in a circle" if error.errno == errno.ELOOP else error.strerror or error
        raise Unreadable(f"cannot be read: {why}") from None


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def write_back(path: str, before: Text, text: str) -> None:
    """Give a file a new text, unless it is another one than was read. Raises OSError and ValueError."""
    data = before.encode(text)
    with open(path, "rb") as file:
        if _digest(file.read()) != before.digest:
            raise ValueError("it was changed meanwhile; run torchlint again")
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    write_atomically(path, data)


def write_atomically(path: str | Path, data: bytes) -> None:
    """Replace a file's content at once, keeping its mode and owner; a link's target is replaced, not the link."""
    target = os.path.realpath(path)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".torchlint-")
    try:
        with open(handle, "wb") as file:
            file.write(data)
        with contextlib.suppress(FileNotFoundError):
            before = os.stat(target)
            with contextlib.suppress(PermissionError, AttributeError):
                os.chown(temporary, before.st_uid, before.st_gid)
            os.chmod(temporary, stat.S_IMODE(before.st_mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
