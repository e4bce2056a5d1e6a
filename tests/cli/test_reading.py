"""Texts from files, and back."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from torchlint.diagnostic import Position
from torchlint.project.reading import read_bytes, write_atomically
from torchlint.project.text import Unreadable, decode


def test_cookie_names_the_encoding() -> None:
    data = "# -*- coding: latin-1 -*-\nx = 'ä'\n".encode("latin-1")
    text = decode(data)
    assert "ä" in text.text
    assert text.encode(text.text) == data


def test_byte_order_mark_and_newlines_survive() -> None:
    data = b"\xef\xbb\xbfx = 1\r\ny = 2\r"
    text = decode(data)
    assert text.text == "x = 1\r\ny = 2\r"
    assert text.encode(text.text) == data


def test_word_coding_is_no_cookie_by_itself() -> None:
    assert decode("encoding = 'ä'\n".encode()).encoding == "utf-8"


@pytest.mark.parametrize(
    ("data", "message", "position"),
    [
        (b"x = 1\ny = '\xff'\n", "not UTF-8: byte 0xff", Position(2, 6)),
        (b"# \xc3\xa4\n\0", "NUL bytes", Position(2, 1)),
        (b"# coding: klingon\n", "an encoding that Python does not know", Position(1, 1)),
        (b"# coding: ascii\n'\xe4'\n", "not ASCII: byte 0xe4", Position(2, 2)),
    ],
)
def test_undecodable_text_says_where(data: bytes, message: str, position: Position) -> None:
    with pytest.raises(Unreadable, match=message) as problem:
        decode(data)
    assert problem.value.position == position


def test_folder_with_a_files_name(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="is a directory"):
        read_bytes(tmp_path)


def test_broken_link(tmp_path: Path) -> None:
    (tmp_path / "x.py").symlink_to("absent")
    with pytest.raises(Unreadable, match="broken symbolic link"):
        read_bytes(tmp_path / "x.py")


def test_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    (tmp_path / "x.py").touch()
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(Unreadable, match="permission denied"):
        read_bytes(tmp_path / "x.py")


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.py")
    with pytest.raises(Unreadable, match="no regular file"):
        read_bytes(tmp_path / "x.py")


def test_writing_keeps_the_mode_and_the_link(tmp_path: Path) -> None:
    target, link = tmp_path / "a.py", tmp_path / "b.py"
    target.write_text("old")
    target.chmod(0o755)
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py"]


def test_failed_write_leaves_the_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.py"
    target.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.py"]
