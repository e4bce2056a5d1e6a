"""Baselines, lists of files, shards, watching, completion, and rules of other packages."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import REPOSITORY, Torchlint, call

Write = Callable[..., Path]
UNUSED = "x = 1  # noqa: TL401\n"


def test_baseline_lets_old_problems_be_and_new_ones_fail(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    assert torchlint(".", "--write-baseline", "base.json").out == "Wrote 1 problem to base.json.\n"
    assert torchlint(".", "--baseline", "base.json").code == 0
    write("a.py", "\n\n" + UNUSED + "y = 2  # noqa: TL401\n")
    outcome = torchlint(".", "--baseline", "base.json", "-q")
    assert (outcome.code, len(outcome.out.splitlines())) == (1, 1)
    assert outcome.out.startswith("a.py:4:8: TL902")


def test_baseline_holds_in_whichever_folder_torchlint_runs(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("src/a.py", UNUSED)
    torchlint(".", "--write-baseline", "base.json")
    outcome = call(".", "--baseline", "../base.json", "--no-cache", folder=tmp_path / "src")
    assert outcome.code == 0, outcome.out


def test_second_problem_of_the_same_line_text_is_new(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    torchlint(".", "--write-baseline", "base.json")
    write("a.py", UNUSED * 2)
    assert torchlint(".", "--baseline", "base.json", "-q").out.startswith("a.py:2:8")


@pytest.mark.parametrize("content", [None, "{", "[]", '{"version": 9, "problems": []}'])
def test_baseline_that_cannot_be_used_is_one_line(torchlint: Torchlint, write: Write, content: str | None) -> None:
    write("a.py", UNUSED)
    if content is not None:
        write("base.json", content)
    outcome = torchlint(".", "--baseline", "base.json")
    assert outcome.code == 2
    assert outcome.err.startswith("torchlint: base.json: ")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("between", ["\n", "\0"])
def test_files_from_a_list(torchlint: Torchlint, write: Write, between: str) -> None:
    for name in ("a.py", "b c.py", "d.py"):
        write(name, UNUSED)
    outcome = torchlint("--files-from", "-", "-q", stdin=between.join(["a.py", "b c.py", ""]).encode())
    assert [line.split(":")[0] for line in outcome.out.splitlines()] == ["a.py", "b c.py"]


def test_empty_list_lints_nothing(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    assert torchlint("--files-from", "-", stdin=b"").code == 0


def test_missing_list_is_one_line(torchlint: Torchlint) -> None:
    outcome = torchlint("--files-from", "absent")
    assert (outcome.code, outcome.err) == (
        2,
        "torchlint: absent: the list of files cannot be read: No such file or directory\n",
    )


def test_shards_together_are_the_whole(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    for name in "abcde":
        write(f"{name}.py", UNUSED)
    write("f.py", b"\xff")
    sizes = []
    for part in (1, 2, 3):
        torchlint(".", "--shard", f"{part}/3", "--output-format", "json", "-o", f"{part}.json")
        sizes.append(len(json.loads((tmp_path / f"{part}.json").read_text())))
    assert sorted(sizes) == [1, 2, 3]
    merged = torchlint("merge", "3.json", "1.json", "2.json", "1.json")
    assert merged.code == 1
    assert merged.out == torchlint(".", "--output-format", "json").out


def test_merge_reads_json_lines_and_may_exit_with_0(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    torchlint(".", "--output-format", "json-lines", "-o", "1.jsonl")
    outcome = torchlint("merge", "1.jsonl", "--output-format", "json-lines", "--exit-zero")
    assert (outcome.code, len(outcome.out.splitlines())) == (0, 1)


@pytest.mark.parametrize("content", ["{", "[1]", '[{"code": 1}]'])
def test_merge_refuses_what_is_no_report(torchlint: Torchlint, write: Write, content: str) -> None:
    write("bad.json", content)
    outcome = torchlint("merge", "bad.json")
    assert outcome.code in (1, 2)
    assert outcome.out == ""
    assert "report" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("shard", ["0/2", "3/2", "x", "1/0", "1"])
def test_shard_that_is_no_part_is_refused(torchlint: Torchlint, shard: str) -> None:
    outcome = torchlint(".", "--shard", shard)
    assert outcome.code == 2
    assert "is no part of a whole" in outcome.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(torchlint: Torchlint, shell: str) -> None:
    outcome = torchlint("completion", shell)
    assert outcome.code == 0
    assert "_TORCHLINT_COMPLETE" in outcome.out


def test_completion_knows_the_commands(torchlint: Torchlint) -> None:
    outcome = torchlint(_TORCHLINT_COMPLETE="bash_complete", COMP_WORDS="torchlint ru", COMP_CWORD="1")
    assert "plain,rule" in outcome.out


def test_watching_lints_anew_when_a_file_changes(write: Write, tmp_path: Path) -> None:
    path = write("a.py", "x = 1\n")
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "torchlint", ".", "--watch", "--no-cache"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "All checks passed.\n"
            assert process.stdout.readline().startswith("Watching")
            time.sleep(0.1)
            path.write_text(UNUSED)
            lines = [process.stdout.readline() for _ in range(3)]
        finally:
            process.send_signal(signal.SIGINT)
        assert "something changed" in lines[1]
        assert lines[2].startswith("a.py:1:8: TL902")
        assert process.wait(20) == 130


def test_watching_goes_on_when_files_go_and_the_configuration_changes(write: Write, tmp_path: Path) -> None:
    path = write("a.py", UNUSED)
    write("torchlint.toml", "")
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "torchlint", "a.py", "--watch", "--no-cache", "-q"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None

        def until(text: str) -> str:
            assert process.stdout is not None
            while text not in (line := process.stdout.readline()):
                assert line
            return line

        try:
            until("TL902")
            until("Watching")
            write("torchlint.toml", 'ignore = ["TL999"]\n')
            assert until("TL903").startswith("torchlint.toml:1:1: ")
            until("Watching")
            path.unlink()
            until("something changed")
            until("Watching")
            write("torchlint.toml", "")
            path.write_text(UNUSED)
            until("TL902")
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


@pytest.mark.parametrize("terminal", [True, False])
def test_long_run_shows_a_bar_on_a_terminal_only(write: Write, tmp_path: Path, terminal: bool) -> None:
    write("a.py", UNUSED)
    leader, follower = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "TERM": "xterm", "COLUMNS": "80"}
    program = "from torchlint.cli import main, progress; progress._PATIENCE = -1; main()"
    command = [sys.executable, "-c", program, ".", "--no-cache"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, stdout=follower, stderr=follower if terminal else subprocess.PIPE, check=False
    )
    os.close(follower)
    text = os.read(leader, 100_000).decode()
    os.close(leader)
    assert ("Linting" in text) == terminal
    assert terminal or done.stderr == b""


def test_terminal_gets_excerpts_and_no_bar_on_a_short_run(write: Write, tmp_path: Path) -> None:
    write("a.py", UNUSED)
    leader, follower = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "TERM": "xterm", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "torchlint", ".", "--no-cache"]
    subprocess.run(command, cwd=tmp_path, env=environment, stdout=follower, stderr=follower, check=False)
    os.close(follower)
    text = os.read(leader, 100_000).decode()
    os.close(leader)
    assert "^^^^^" in text
    assert "\x1b[" in text
    assert "Linting" not in text
    rows = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text).splitlines()
    assert max(len(row) for row in rows) <= 80
    assert any(row.startswith("TL902") or " TL902 " in row for row in rows)


PLUGIN = '''
from collections.abc import Iterator

from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.analysis.facts.calls import Call


@rule("XY101", words=("torch",))
def no_randn(call: Call) -> Iterator[Finding]:
    if call.name == "torch.randn":
        yield call.flag("randn is not for us")
'''
HANDLERS = '''
from torchlint.analysis.library.handlers import LibraryCall, handles
from torchlint.analysis.values.abstract import Activation, Tensor, Value


@handles("acme.heads.probabilities")
def probabilities(call: LibraryCall) -> Value:
    at = call.machine.site(call.node)
    return Tensor(op=call.name, inputs=(call.first,), site=at, activation=Activation("softmax", site=at))
'''


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with a rule and a handler, installed as a package manager installs it."""
    source = tmp_path_factory.mktemp("plugin")
    (source / "no_randn.py").write_text(PLUGIN)
    (source / "acme_heads.py").write_text(HANDLERS)
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "torchlint-house-rules"\nversion = "1"\n'
        '[project.entry-points."torchlint.rules"]\nhouse = "no_randn"\n'
        '[project.entry-points."torchlint.handlers"]\nacme = "acme_heads"\n'
        '[tool.hatch.build.targets.wheel]\ninclude = ["no_randn.py", "acme_heads.py"]\n'
    )
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return target


def test_rule_of_another_package_runs(torchlint: Torchlint, write: Write, plugin: Path) -> None:
    path = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(plugin)])}
    write("a.py", "import torch\n\nx = torch.randn(3)\ny = torch.randn(4)  # torchlint: ignore[no-randn]\n")
    for _ in ("fresh", "known"):
        outcome = torchlint(".", "-q", **path)
        assert outcome.out == "a.py:3:5: XY101 no-randn randn is not for us\n"
    assert torchlint(".", "--no-plugins", "--ignore", "TL902", **path).code == 0
    assert "no-randn" in torchlint("rule", "--all", **path).out


def test_handler_of_another_package_says_what_its_functions_give(torchlint: Torchlint, write: Write, plugin: Path) -> None:
    path = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(plugin)])}
    write("a.py", "import acme.heads, torch.nn.functional as F\n\n\ndef loss(x, y):\n    return F.cross_entropy(acme.heads.probabilities(x), y)\n")
    assert torchlint("a.py", "-q", **path).out.startswith("a.py:5:28: TL401 ")
    assert torchlint("a.py", "-q", "--no-plugins", **path).out == ""


def test_handler_of_what_has_one_already_is_refused(torchlint: Torchlint, tmp_path: Path, write: Write) -> None:
    write("site/x-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1\n")
    write("site/x-1.dist-info/entry_points.txt", "[torchlint.handlers]\nbold = bold\n")
    write("site/bold.py", "from torchlint.analysis.library.handlers import handles\n\n\n@handles(\"torch.save\")\ndef save(call):\n    return call.first\n")
    write("a.py", "import torch\n")
    outcome = torchlint("a.py", PYTHONPATH=os.pathsep.join([str(REPOSITORY), str(tmp_path / "site")]))
    assert (outcome.code, outcome.err) == (2, "torchlint: plugin `bold`: `torch.save` has a handler already\n")


def test_plugin_that_cannot_be_imported_is_one_line(torchlint: Torchlint, plugin: Path, tmp_path: Path, write: Write) -> None:
    broken = tmp_path / "site"
    write("site/x-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1\n")
    write("site/x-1.dist-info/entry_points.txt", "[torchlint.rules]\nbad = absent_module\n")
    outcome = torchlint("site", PYTHONPATH=os.pathsep.join([str(REPOSITORY), str(broken)]))
    assert outcome.code == 2
    assert outcome.err == (
        "torchlint: plugin `bad` (absent_module) cannot be imported: "
        "ModuleNotFoundError: No module named 'absent_module'\n"
    )
