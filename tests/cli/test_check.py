"""`torchlint check` as a person runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Torchlint

Write = Callable[..., Path]

TRAP = """import torch
import torch.nn as nn

criterion = nn.CrossEntropyLoss()
logits = torch.randn(4, 3)
loss = criterion(torch.softmax(logits, dim=1), torch.tensor([0, 1, 2, 0]))
"""
UNUSED = "x = 1  # noqa: TL401\n"


def test_clean_folder_exits_with_0(torchlint: Torchlint, write: Write) -> None:
    write("a.py", "import torch\n")
    outcome = torchlint(".")
    assert (outcome.code, outcome.out, outcome.err) == (0, "All checks passed.\n", "")


def test_problem_exits_with_1_and_is_one_line(torchlint: Torchlint, write: Write) -> None:
    write("a.py", TRAP)
    outcome = torchlint(".")
    assert outcome.code == 1
    assert outcome.out.startswith("a.py:6:18: TL401 softmax-before-cross-entropy ")
    assert "Found 1 problem in 1 file." in outcome.out


def test_check_is_the_default_command(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    assert torchlint("a.py") == torchlint("check", "a.py")


def test_exit_zero(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    assert torchlint(".", "--exit-zero").code == 0


def test_quiet_prints_problems_alone(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    assert len(torchlint(".", "-q").out.splitlines()) == 1
    write("a.py", "")
    assert torchlint(".", "-q").out == ""


def test_problem_across_files_names_both(torchlint: Torchlint, write: Write) -> None:
    write("model.py", "import torch.nn as nn\n\n\ndef make():\n    return nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))\n")
    write(
        "train.py",
        "import torch\nimport torch.nn as nn\nfrom model import make\n\nmodel = make()\n"
        "loss = nn.CrossEntropyLoss()(model(torch.randn(2, 4)), torch.tensor([0, 1]))\n",
    )
    found = json.loads(torchlint(".", "--output-format", "json").out)
    assert [each["code"] for each in found] == ["TL401"]
    places = {found[0]["filename"], *(each["filename"] for each in found[0]["related"])}
    assert {Path(place).name for place in places} == {"model.py", "train.py"}


def test_file_that_is_not_linted_lends_its_facts(torchlint: Torchlint, write: Write) -> None:
    test_problem_across_files_names_both(torchlint, write)
    assert torchlint("model.py").code == torchlint("train.py").code == 1


def test_fix_mends_the_file_and_keeps_its_form(torchlint: Torchlint, write: Write) -> None:
    path = write("a.py", b"\xef\xbb\xbfx = 1  # noqa: TL401\r\ny = '\xc3\xa4'\r\n")
    path.chmod(0o755)
    outcome = torchlint(".", "--fix")
    assert (outcome.code, outcome.out) == (0, "Fixed 1 problem.\nNo problems are left.\n")
    assert path.read_bytes() == b"\xef\xbb\xbfx = 1\r\ny = '\xc3\xa4'\r\n"
    assert os.access(path, os.X_OK)


def test_diff_shows_and_changes_nothing(torchlint: Torchlint, write: Write) -> None:
    path = write("a.py", UNUSED)
    outcome = torchlint(".", "--diff")
    assert outcome.code == 1
    assert outcome.out == "--- a.py\n+++ a.py\n@@ -1 +1 @@\n-x = 1  # noqa: TL401\n+x = 1\n"
    assert path.read_text() == UNUSED


def test_standard_input_is_linted_under_its_name(torchlint: Torchlint, write: Write) -> None:
    write("model.py", "def f():\n    pass\n")
    outcome = torchlint("-", "--stdin-filename", "sub/a.py", stdin=UNUSED.encode())
    assert outcome.out.startswith("sub/a.py:1:8: TL902 ")


def test_standard_input_is_fixed_to_standard_output(torchlint: Torchlint) -> None:
    outcome = torchlint("-", "--fix", stdin=UNUSED.encode())
    assert outcome.out == "x = 1\n"
    assert "Fixed 1 problem." in outcome.err


def test_standard_input_gets_its_suppressions_on_standard_output(torchlint: Torchlint) -> None:
    outcome = torchlint("-", "--add-ignore", stdin=TRAP.encode())
    assert outcome.out.rstrip("\n").endswith("  # torchlint: ignore[softmax-before-cross-entropy]")
    assert outcome.err == "Silenced 1 problem by comments.\n"


def test_option_may_come_before_the_path(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    assert torchlint("--select", "TL902", "-q", ".") == torchlint(".", "-q", "--select", "TL902")


def test_select_and_ignore(torchlint: Torchlint, write: Write) -> None:
    write("a.py", TRAP)
    assert torchlint(".", "--select", "TL401").code == 1
    assert torchlint(".", "--select", "TL902,TL900").code == 0
    assert torchlint(".", "--ignore", "softmax-before-cross-entropy").code == 0


def test_per_file_ignores(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", '[per-file-ignores]\n"tests/*" = ["TL401"]\n')
    write("tests/a.py", TRAP)
    write("b.py", TRAP)
    assert [line.split(":")[0] for line in torchlint(".", "-q").out.splitlines()] == ["b.py"]


def test_unfixable_rule_is_reported_without_fix(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", 'unfixable = ["TL902"]\n')
    path = write("a.py", UNUSED)
    assert torchlint(".", "--fix").code == 1
    assert path.read_text() == UNUSED


def test_add_ignore_makes_the_project_clean(torchlint: Torchlint, write: Write) -> None:
    path = write("a.py", TRAP)
    assert torchlint(".", "--add-ignore").out == "Silenced 1 problem by comments.\n"
    assert path.read_text().endswith("  # torchlint: ignore[softmax-before-cross-entropy]\n")
    assert torchlint(".").code == 0


def test_output_file(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("a.py", UNUSED)
    outcome = torchlint(".", "--output-format", "json", "-o", "out.json")
    assert (outcome.code, outcome.out) == (1, "")
    assert len(json.loads((tmp_path / "out.json").read_text())) == 1


def test_statistics(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED * 3)
    assert torchlint(".", "--statistics", "-q").out == "    3  TL902  [*] unused-suppression\n"


@pytest.mark.parametrize("format", ["text", "json", "sarif"])
def test_empty_folder_is_clean_and_says_so(torchlint: Torchlint, format: str) -> None:
    outcome = torchlint(".", "--output-format", format)
    assert outcome.code == 0
    assert outcome.err == "torchlint: no Python files were found under the given paths\n"


def test_name_that_is_no_text_is_shown_and_read_back(torchlint: Torchlint, tmp_path: Path) -> None:
    name = b"new\nline \xff.py"
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_text(UNUSED)
    assert len(torchlint(".", "-q").out.splitlines()) == 1
    for options in (("json",), ("json", "-o", "out.json"), ("sarif",), ("junit",), ("gitlab",), ("github",), ("rdjson",)):
        outcome = torchlint(".", "--output-format", *options)
        assert (outcome.code, outcome.err) == (1, ""), options
    (found,) = json.loads((tmp_path / "out.json").read_text())
    assert os.fsencode(Path(found["filename"]).name) == name


def test_colour_follows_the_environment(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    assert "\x1b[" in torchlint(".", FORCE_COLOR="1").out
    assert "\x1b[" not in torchlint(".", NO_COLOR="1", FORCE_COLOR="").out
    assert "\x1b[" not in torchlint(".").out


DEEP = "x = " + "(" * 10_000 + ")" * 10_000 + "\n"
CHAIN = "x = " + "a." * 20_000 + "b\n"
SUM = "x = 1" + " + 1" * 20_000 + "\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"def f(:\n", "bad.py:1:7: TL900 syntax-error "),
        (b"x = '\xff'\n", "bad.py:1:6: TL904 unreadable-file the file is not UTF-8: byte 0xff"),
        (b"x = 1\n\x00\n", "bad.py:2:1: TL904 unreadable-file the file contains NUL bytes"),
        (DEEP.encode(), "bad.py:1:"),
        (CHAIN.encode(), "bad.py:1:"),
        (SUM.encode(), "bad.py:1:"),
    ],
    ids=["syntax", "utf8", "nul", "parentheses", "attributes", "sum"],
)
def test_bad_file_costs_one_line_and_the_rest_is_linted(
    torchlint: Torchlint, write: Write, content: bytes, line: str
) -> None:
    write("bad.py", content)
    write("good.py", UNUSED)
    outcome = torchlint(".", "-q")
    lines = outcome.out.splitlines()
    assert lines[-1].startswith("good.py:1:8: TL902 ")
    assert len(lines) == 2 if content not in (CHAIN.encode(), SUM.encode()) else len(lines) <= 2
    assert lines[0].startswith(line) or len(lines) == 1
    assert outcome.code == 1
    assert outcome.err == ""


def test_folder_named_like_a_file_and_broken_link(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("x.py/inner.py", UNUSED)
    (tmp_path / "link.py").symlink_to("absent")
    starts = [line.split(" unreadable-file ")[-1] for line in torchlint(".", "-q").out.splitlines()]
    assert starts[:2] == ["the file is a broken symbolic link", "the file is a directory, not a file"]
    assert "x.py/inner.py:1:8: TL902" in starts[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.py"], "torchlint: absent.py: no such file or folder"),
        ([".", "--select", "softmax-befor-cross-entropy"], "did you mean `softmax-before-cross-entropy`?"),
        ([".", "--output-format", "jsn"], "'jsn' is not one of"),
        ([".", "--jobs", "many"], "'many' is not a valid integer"),
        ([".", "--frobnicate"], "No such option"),
        (["rule", "nonsense"], "unknown rule `nonsense`"),
    ],
)
def test_wrong_usage_exits_with_2(torchlint: Torchlint, arguments: list[str], message: str) -> None:
    outcome = torchlint(*arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert "Traceback" not in outcome.err


def test_wrong_configuration_is_one_line(torchlint: Torchlint, write: Write) -> None:
    write("pyproject.toml", "[tool.torchlint]\nselekt = []\n")
    outcome = torchlint(".")
    assert outcome.code == 2
    assert outcome.err == (
        "pyproject.toml:2:1: TL903 invalid-configuration unknown key `selekt`; did you mean `select`?\n"
    )


def test_unknown_rule_in_the_configuration(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", 'ignore = ["softmax-befor-cross-entropy"]\n')
    assert "did you mean `softmax-before-cross-entropy`?" in torchlint(".").err


def test_file_that_cannot_be_written_is_named(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("a.py", UNUSED)
    outcome = torchlint(".", "-o", "absent/out.txt")
    assert outcome.code == 2
    assert outcome.err == "torchlint: absent/out.txt: cannot be written: No such file or directory\n"


def test_rule_shows_its_page_by_code_or_name(torchlint: Torchlint) -> None:
    by_code, by_name = torchlint("rule", "TL401"), torchlint("rule", "softmax-before-cross-entropy")
    assert by_code == by_name
    assert by_code.out.startswith("# softmax-before-cross-entropy (TL401)\n")
    assert "## Example" in by_code.out


def test_rule_all_lists_every_rule(torchlint: Torchlint) -> None:
    lines = torchlint("rule", "--all").out.splitlines()
    assert any(line.split() == ["TL401", "error", "on", "fix:", "safe", "softmax-before-cross-entropy"] for line in lines)
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)


def test_version(torchlint: Torchlint) -> None:
    from torchlint import __version__

    assert torchlint("--version").out == f"torchlint {__version__}\n"


def test_config_shows_what_is_in_force_and_from_where(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", "jobs = 3\n")
    lines = torchlint("config").out.splitlines()
    assert lines[0] == "# from torchlint.toml"
    assert "jobs = 3  # torchlint.toml:1" in lines


def test_missing_path_does_not_keep_the_others_from_being_linted(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    outcome = torchlint("absent.py", "a.py")
    assert outcome.code == 2
    assert outcome.out.startswith("a.py:1:")
    assert "torchlint: absent.py: no such file or folder" in outcome.err
