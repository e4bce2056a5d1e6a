"""What a person may give by mistake: one clear line each, and the other files are linted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Torchlint

Write = Callable[..., Path]

UNUSED = "x = 1  # noqa: TL401\n"


def test_everything_at_once(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("bytes.py", b"x = '\xff'\n")
    write("binary.py", b"\x7fELF\x00")
    write("empty.py", b"")
    write("encoding.py", b"# coding: nonsense\n")
    write("note.ipynb", "{")
    write("syntax.py", "def f(:\n")
    write("unused.py", UNUSED)
    write("folder.py/inner.py", "")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "dangling.py").symlink_to("absent.py")
    (tmp_path / "circle.py").symlink_to("circle.py")
    (tmp_path / "up").symlink_to(tmp_path)
    outcome = torchlint(".", "-q")
    assert (outcome.code, outcome.err) == (1, "")
    assert [line.split(" ")[0:2] for line in outcome.out.splitlines()] == [
        ["binary.py:1:5:", "TL904"],
        ["bytes.py:1:6:", "TL904"],
        ["circle.py:1:1:", "TL904"],
        ["dangling.py:1:1:", "TL904"],
        ["encoding.py:1:1:", "TL904"],
        ["folder.py:1:1:", "TL904"],
        ["note.ipynb:1:1:", "TL904"],
        ["pipe.py:1:1:", "TL904"],
        ["syntax.py:1:7:", "TL900"],
        ["unused.py:1:8:", "TL902"],
    ]


def test_name_that_is_no_utf_8_is_reported_and_fixed(torchlint: Torchlint, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.py")
    path.write_text(UNUSED)
    assert torchlint(".", "-q").out.startswith("\N{REPLACEMENT CHARACTER}.py:1:8: TL902 ")
    assert torchlint(".", "--fix").code == 0
    assert path.read_text() == "x = 1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('jobs = 1\nselect = ["TL499"]\n', "torchlint.toml:2:1: TL903 invalid-configuration `select`: unknown rule `TL499`;"),
        ('[per-file-ignores]\n"a" = ["TL999"]\n', "torchlint.toml:1:1: TL903 invalid-configuration `per-file-ignores`: unknown rule"),
        ("[lint]\n", "torchlint.toml:1:1: TL903 invalid-configuration unknown key `lint`; write torchlint's keys without"),
        ("[tool.torchlint]\n", "torchlint.toml:1:1: TL903 invalid-configuration unknown key `tool`; write torchlint's keys without"),
    ],
)
def test_mistake_in_the_configuration_is_told_with_its_place(
    torchlint: Torchlint, write: Write, text: str, message: str
) -> None:
    write("torchlint.toml", text)
    outcome = torchlint(".")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert outcome.err.startswith(message)


def test_report_on_a_file_can_be_ignored_for_that_file(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", '[per-file-ignores]\n"old/*" = ["TL904"]\n')
    for name in ("old/bytes.py", "bytes.py"):
        write(name, b"x = '\xff'\n")
    assert [line.split(":")[0] for line in torchlint(".", "-q").out.splitlines()] == ["bytes.py"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--select", ","], "torchlint: --select names no rule\n"),
        (["--add-ignore", "--fix"], "Error: --add-ignore cannot be used with --fix\n"),
        (["--baseline", "a", "--write-baseline", "a"], "Error: --baseline cannot be used with --write-baseline\n"),
        (["-", "a.py"], "torchlint: -: standard input cannot be linted together with paths\n"),
        (["chekc"], "torchlint: chekc: no such file or folder, nor a command\n"),
    ],
)
def test_usage_that_makes_no_sense_is_refused(torchlint: Torchlint, write: Write, options: list[str], message: str) -> None:
    write("a.py", UNUSED)
    outcome = torchlint(*options)
    assert outcome.code == 2
    assert outcome.err.endswith(message)
