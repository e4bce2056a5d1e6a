"""The options of `torchlint check` that choose, fix, tell and exit, as ruff's users know them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Torchlint

Write = Callable[..., Path]

UNUSED = "x = 1  # noqa: TL401\n"
SIZE = "import torch\n\nx = torch.zeros(2, 3)\nn = x.size[0]\n"
LOADS = "import torch\n\nstate = torch.load('a.pt')\n"


def names(out: str) -> list[str]:
    return [line.split(":")[0] for line in out.splitlines()]


def test_excluded_patterns_start_from_the_current_folder(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", "[tool.torchlint]\n")
    for name in ("a.py", "sub/b.py", "sub/deep/c.py", "deep/d.py"):
        write(name, UNUSED)
    assert names(torchlint(".", "-q", "--extend-exclude", "sub/deep").out) == ["a.py", "deep/d.py", "sub/b.py"]
    assert names(torchlint(".", "-q", "--extend-exclude", "deep,a.py").out) == ["sub/b.py"]
    assert names(torchlint(".", "-q", "--exclude", "./sub").out) == ["a.py", "deep/d.py"]


def test_pattern_given_in_a_folder_below_the_configuration(write: Write, tmp_path: Path) -> None:
    from tests.cli.conftest import call

    write("pyproject.toml", "[tool.torchlint]\n")
    for name in ("sub/a.py", "sub/deep/b.py"):
        write(name, UNUSED)
    outcome = call(".", "-qn", "--extend-exclude", "deep/*.py", folder=tmp_path / "sub")
    assert names(outcome.out) == ["a.py"]


def test_ignored_files_are_linted_on_request(torchlint: Torchlint, write: Write) -> None:
    write(".gitignore", "a.py\n")
    write("a.py", UNUSED)
    assert torchlint(".", "-q").out == ""
    assert names(torchlint(".", "-q", "--no-respect-gitignore").out) == ["a.py"]


def test_force_exclude_can_be_taken_back(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", 'extend-exclude = ["a.py"]\nforce-exclude = true\n')
    write("a.py", UNUSED)
    assert torchlint("a.py", "-q").code == 0
    assert torchlint("a.py", "-q", "--no-force-exclude").code == 1


def test_files_are_listed_and_not_linted(torchlint: Torchlint, write: Write) -> None:
    write("b.py", "def f(:")
    write("a/x.ipynb", "{}")
    assert torchlint("--show-files").out == "a/x.ipynb\nb.py\n"


def test_ignores_by_file_on_the_command_line(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", '[per-file-ignores]\n"*" = ["ALL"]\n')
    write("a.py", SIZE)
    write("b.py", SIZE)
    assert torchlint(".").code == 0
    assert names(torchlint(".", "-q", "--per-file-ignores", "a.py:TL101,TL4").out) == ["b.py"]


@pytest.mark.parametrize("given", ["a.py", "a.py:", ":TL1"])
def test_ignores_without_pattern_or_rules_are_refused(torchlint: Torchlint, given: str) -> None:
    outcome = torchlint("--per-file-ignores", given)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)


def test_options_of_the_configuration_can_be_set_one_by_one(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", 'ignore = ["TL101"]\n')
    write("a.py", SIZE)
    assert torchlint("a.py").code == 0
    assert torchlint("a.py", "--config", "ignore = []").code == 1
    assert torchlint("a.py", "--isolated", "--config", 'ignore = ["TL1"]').code == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("ignor = []", "--config: TL903 invalid-configuration unknown key `ignor`; did you mean `ignore`?"),
        ("jobs = -1", "--config: TL903 invalid-configuration `jobs` must be a number from 0 on"),
        ("jobs = ", "--config: TL903 invalid-configuration `jobs = ` is neither a file nor a `key = value` of TOML"),
        ("absent.toml", "absent.toml:1:1: TL903 invalid-configuration cannot be read: No such file or directory"),
    ],
)
def test_option_that_is_none_is_one_line(torchlint: Torchlint, given: str, message: str) -> None:
    outcome = torchlint("--config", given)
    assert (outcome.code, outcome.err) == (2, message + "\n")


def test_fixes_of_some_rules_only(torchlint: Torchlint, write: Write) -> None:
    path = write("a.py", SIZE + UNUSED)
    torchlint("a.py", "--fix", "--unfixable", "TL101")
    assert path.read_text() == SIZE + "x = 1\n"
    path.write_text(SIZE + UNUSED)
    torchlint("a.py", "--fix", "--fixable", "TL101")
    assert path.read_text() == SIZE.replace("size[0]", "shape[0]") + UNUSED


def test_fix_only_is_silent_about_what_is_left(torchlint: Torchlint, write: Write) -> None:
    write("a.py", "def f(:\n")
    path = write("b.py", UNUSED)
    outcome = torchlint(".", "--fix-only")
    assert (outcome.code, outcome.out) == (0, "Fixed 1 problem.\n")
    assert path.read_text() == "x = 1\n"


def test_exit_code_may_tell_of_fixes(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    assert torchlint(".", "--fix", "--exit-non-zero-on-fix").code == 1
    assert torchlint(".", "--fix", "--exit-non-zero-on-fix").code == 0


def test_fixes_are_listed(torchlint: Torchlint, write: Write) -> None:
    write("a.py", SIZE + UNUSED + UNUSED)
    out = torchlint("a.py", "--fix", "--show-fixes").out
    assert out.startswith(
        "Fixed 3 problems:\n- a.py:\n    2 × TL902 unused-suppression\n    1 × TL101 size-not-called\n"
    )


def test_silenced_problems_are_reported_on_request(torchlint: Torchlint, write: Write) -> None:
    write("a.py", SIZE.replace("[0]\n", "[0]  # torchlint: ignore\n") + UNUSED)
    assert [line.split()[1] for line in torchlint("a.py", "-q").out.splitlines()] == ["TL902"]
    assert [line.split()[1] for line in torchlint("a.py", "-q", "--ignore-noqa").out.splitlines()] == ["TL101"]


def test_reason_is_written_behind_the_comment(torchlint: Torchlint, write: Write) -> None:
    path = write("a.py", SIZE)
    torchlint("a.py", "--add-ignore", "--reason", "until #12")
    assert path.read_text().endswith("n = x.size[0]  # torchlint: ignore[size-not-called] until #12\n")
    assert torchlint("a.py").code == 0


def test_statistics_as_json_are_those_of_ruff(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED * 2)
    assert json.loads(torchlint(".", "--statistics", "--output-format", "json").out) == [
        {"code": "TL902", "name": "unused-suppression", "count": 2, "fixable": True, "fixable_count": 2}
    ]


def test_verbose_tells_what_was_read(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", "")
    write("a.py", "import b\n")
    write("b.py", "")
    lines = torchlint("a.py", "--verbose").err.splitlines()
    assert lines[:2] == [
        "torchlint: configuration: torchlint.toml",
        "torchlint: 1 files to lint, 1 read besides, as 1 programs",
    ]


def test_silent_says_nothing_but_writes_the_file(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("a.py", UNUSED)
    outcome = torchlint(".", "--silent", "-o", "out.txt")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "")
    assert "TL902" in (tmp_path / "out.txt").read_text()


def test_colours_when_wanted(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("a.py", UNUSED)
    assert "\x1b[" in torchlint(".", "--color", "always").out
    assert "\x1b[" not in torchlint(".", "--color", "never", FORCE_COLOR="1").out
    torchlint(".", "-o", "out.txt", FORCE_COLOR="1")
    assert "\x1b[" not in (tmp_path / "out.txt").read_text()


def test_environment_sets_the_format(torchlint: Torchlint, write: Write) -> None:
    write("a.py", UNUSED)
    assert torchlint(".", TORCHLINT_OUTPUT_FORMAT="pylint").out.startswith("a.py:1: [TL902] unused-suppression: ")


def test_cache_is_where_one_wants_it_and_can_be_emptied(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("a.py", UNUSED)
    torchlint(".", "--cache-dir", "here")
    assert (tmp_path / "here/cache.sqlite").exists()
    assert torchlint("clean", "--cache-dir", "here").out == "The cache in here is empty.\n"
    assert not (tmp_path / "here/cache.sqlite").exists()


def test_load_is_unguarded_where_the_project_supports_an_old_torch(torchlint: Torchlint, write: Write) -> None:
    path = write("a.py", LOADS)
    assert torchlint("a.py").code == 0
    assert torchlint("a.py", "--target-torch", "2.6").code == 0
    assert "TL605" in torchlint("a.py", "--target-torch", "2.5").out
    write("torchlint.toml", 'target-torch = "2.3"\n')
    write("a.py", LOADS)
    assert "require a newer torch" in torchlint("a.py", "--fix", "--unsafe-fixes", "--target-torch", "1.12").out
    assert path.read_text() == LOADS
    torchlint("a.py", "--fix", "--unsafe-fixes")
    assert path.read_text() == LOADS.replace("'a.pt'", "'a.pt', weights_only=True")


def test_the_project_s_requirements_say_which_torch_is_supported(torchlint: Torchlint, write: Write) -> None:
    write("a.py", LOADS)
    write("requirements.txt", "numpy\ntorch>=1.13,<3  # tested\n")
    assert "TL605" in torchlint("a.py").out
    assert '\ntarget-torch = "1.13"  # requirements.txt:2\n' in torchlint("config").out
    assert torchlint("a.py", "--isolated").code == 0
    assert torchlint("a.py", "--target-torch", "2.6").code == 0
    write("pyproject.toml", '[project]\ndependencies = ["torch >= 2.6"]\n')
    assert torchlint("a.py").code == 0


def test_each_file_goes_by_the_requirements_nearest_to_it(torchlint: Torchlint, write: Write) -> None:
    write("old/requirements.txt", "torch==1.4\n")
    write("new/pyproject.toml", '[project]\ndependencies = ["torch>=2.6"]\n')
    for folder in ("old", "new", "bare"):
        write(f"{folder}/a.py", LOADS)
    out = torchlint(".").out
    assert out.count("TL605") == 1 and "old/a.py" in out
    assert torchlint(".", "--target-torch", "2.5").out.count("TL605") == 3


def test_rules_as_json(torchlint: Torchlint) -> None:
    (found,) = json.loads(torchlint("rule", "tl401", "--output-format", "json").out)
    explanation = found.pop("explanation")
    assert explanation.startswith("# softmax-before-cross-entropy (TL401)\n")
    assert found == {
        "code": "TL401",
        "name": "softmax-before-cross-entropy",
        "family": "Losses and training",
        "severity": "error",
        "default": True,
        "fix": "safe",
        "summary": "`nn.CrossEntropyLoss` and `F.cross_entropy` take logits.",
        "url": "https://github.com/torchlint/torchlint/blob/main/rules/softmax-before-cross-entropy.md",
    }


def test_help_is_shown_under_headings_in_eighty_columns(torchlint: Torchlint) -> None:
    out = torchlint("check", "--help", COLUMNS="80").out
    headings = [line for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings[1:] == ["Files:", "Fixes and suppressions:", "Report:", "Old projects and big ones:", "Other:"]
    assert max(map(len, out.splitlines())) <= 80


def test_file_that_was_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    from torchlint.project.reading import read_file, write_back

    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    before = read_file(str(path))
    path.write_text("x = 2\n")
    with pytest.raises(ValueError, match="changed meanwhile"):
        write_back(str(path), before, "x = 3\n")
    assert path.read_text() == "x = 2\n"


def test_file_that_may_not_be_written_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchlint.project.reading import read_file, write_back

    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError):
        write_back(str(path), read_file(str(path)), "x = 3\n")
    assert path.read_text() == "x = 1\n"


def test_fixed_file_keeps_its_mode_link_newlines_and_byte_order_mark(
    torchlint: Torchlint, write: Write, tmp_path: Path
) -> None:
    path = write("real/a.py", b"\xef\xbb\xbfx = 1  # noqa: TL401\r\n")
    path.chmod(0o751)
    (tmp_path / "link.py").symlink_to(path)
    torchlint("link.py", "--fix")
    assert (tmp_path / "link.py").is_symlink()
    assert path.read_bytes() == b"\xef\xbb\xbfx = 1\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o751


@pytest.mark.parametrize("text", [b"x = 1\n\xff  # noqa: TL401\n", b"def f(:\n", b"", b"x = '\r\n'\x00"])
def test_fixed_standard_input_that_cannot_be_linted_comes_back_as_it_was(torchlint: Torchlint, text: bytes, tmp_path: Path) -> None:
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "torchlint", "-", "--fix", "-n"], input=text, capture_output=True, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.stdout == text


def test_excluded_standard_input_comes_back_as_it_was(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", 'extend-exclude = ["a.py"]\nforce-exclude = true\n')
    assert torchlint("-", "--stdin-filename", "a.py", "--fix", stdin=UNUSED.encode()).out == UNUSED


def test_diff_counts_lines_as_python_does(torchlint: Torchlint, write: Write) -> None:
    write("a.py", "a = '\x0c'\n" + UNUSED)
    assert "@@ -1,2 +1,2 @@\n a = '\x0c'\n-x = 1" in torchlint("a.py", "--diff").out
