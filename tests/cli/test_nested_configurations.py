"""The nearest configuration above each file counts, whichever other files are linted; one may extend another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Torchlint, call
from tests.cli.test_related_places import MODEL, TRAIN
from torchlint.lint import workers
from torchlint.lint.session import Session

Write = Callable[..., Path]

SIZE = "import torch\nx = torch.ones(2)\nn = x.size[0]\n"
LOAD = "import torch\nstate = torch.load('a.pt')\n"
NOISE = ["-q", "--output-format", "concise"]


def found(torchlint: Torchlint, *arguments: str) -> list[str]:
    """Code and file of what is reported."""
    lines = torchlint(*arguments, *NOISE).out.splitlines()
    return [f"{line.split(':')[0]} {line.split(' ')[1]}" for line in lines]


def test_each_file_goes_by_the_nearest_configuration_whatever_else_is_given(torchlint: Torchlint, write: Write) -> None:
    write("pyproject.toml", "[tool.torchlint]\n")
    write("sub/torchlint.toml", 'ignore = ["TL101"]\n')
    for name in ("a.py", "sub/b.py", "sub/deep/c.py"):
        write(name, SIZE)
    assert found(torchlint, ".") == ["a.py TL101"]
    assert found(torchlint, "a.py", "sub/b.py") == ["a.py TL101"]
    assert found(torchlint, "sub/b.py") == found(torchlint, "sub/deep") == []
    assert torchlint("-", "-q", "--stdin-filename", "sub/new.py", stdin=SIZE.encode()).out == ""


@pytest.mark.parametrize("jobs", [1, 2])
def test_workers_go_by_it_too(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workers, "_CHARACTERS_PER_WORKER", 1)
    monkeypatch.setattr(workers, "_CHARACTERS_PER_BATCH", 1)
    write("one/torchlint.toml", 'ignore = ["TL101"]\n')
    write("two/torchlint.toml", 'select = ["TL605"]\ntarget-torch = "2.3"\n')
    for name in ("one/a.py", "two/a.py", "three/a.py"):
        write(name, f"{SIZE}state = torch.load('a.pt')\n")
    session = Session.of({"paths": (".",), "no_cache": True, "jobs": jobs})
    loaded = session.load()
    reports = session.run(loaded.programs, session.checks(loaded))
    assert [(each.place.path, each.code) for each in reports] == [("three/a.py", "TL101"), ("two/a.py", "TL605")]


def test_a_configuration_adds_to_what_it_extends_or_replaces_it(torchlint: Torchlint, write: Write) -> None:
    write("pyproject.toml", '[tool.torchlint]\nselect = ["TL101"]\nignore = ["TL902"]\nextend-select = ["TL605"]\ntarget-torch = "2.3"\n')
    write("sub/torchlint.toml", 'extend = "../pyproject.toml"\nextend-select = ["TL102"]\nignore = ["TL101"]\n')
    write("sub/a.py", SIZE + LOAD + "x = 1  # noqa: TL101\n")
    assert found(torchlint, "sub") == ["sub/a.py TL605"]
    lines = torchlint("config", "sub").out.splitlines()
    assert lines[0] == "# from sub/torchlint.toml, which extends pyproject.toml"
    assert 'extend = "../pyproject.toml"  # sub/torchlint.toml:1' in lines
    assert 'select = ["TL101"]  # pyproject.toml:2' in lines
    assert 'ignore = ["TL101"]  # sub/torchlint.toml:3' in lines
    assert 'extend-select = ["TL605", "TL102"]  # pyproject.toml:4, sub/torchlint.toml:2' in lines


def test_patterns_start_from_the_configuration_that_sets_them(torchlint: Torchlint, write: Write) -> None:
    write("base.toml", 'extend-exclude = ["/sub/out"]\nper-file-ignores = { "/sub/quiet.py" = ["TL101"] }\nsrc = ["lib"]\n')
    write("sub/torchlint.toml", 'extend = "../base.toml"\nextend-exclude = ["/away"]\n')
    for name in ("sub/out/a.py", "sub/away/a.py", "sub/quiet.py", "sub/loud.py", "sub/deep/out/a.py"):
        write(name, SIZE)
    assert found(torchlint, ".") == ["sub/deep/out/a.py TL101", "sub/loud.py TL101"]


def test_imports_are_looked_up_from_the_configuration_that_says_where(torchlint: Torchlint, write: Write) -> None:
    write("pyproject.toml")
    write("code/torchlint.toml", 'src = ["parts"]\n')
    write("code/parts/nets/model.py", MODEL)
    write("elsewhere/nets/model.py", "")
    write("tools/nets/model.py", "")
    write("code/train.py", TRAIN.replace("from model", "from nets.model"))
    assert found(torchlint, ".") == ["code/parts/nets/model.py TL401"]
    assert found(torchlint, "code/train.py") == ["code/train.py TL401"]


def test_a_folder_may_set_the_oldest_torch_of_its_files(torchlint: Torchlint, write: Write) -> None:
    write("old/torchlint.toml", 'target-torch = "2.3"\n')
    write("old/a.py", LOAD)
    write("new/a.py", LOAD)
    assert found(torchlint, ".") == found(torchlint, "new/a.py", "old/a.py") == ["old/a.py TL605"]


def test_options_of_the_command_line_replace_those_of_every_file(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", 'ignore = ["TL1"]\n')
    write("sub/torchlint.toml", 'select = ["TL4"]\n')
    write("a.py", SIZE)
    write("sub/a.py", SIZE)
    assert found(torchlint, ".") == []
    assert found(torchlint, ".", "--select", "TL101", "--ignore", "TL4") == ["a.py TL101", "sub/a.py TL101"]
    assert found(torchlint, ".", "--isolated") == ["a.py TL101", "sub/a.py TL101"]
    assert found(torchlint, ".", "--config", "sub/torchlint.toml") == []
    assert found(torchlint, ".", "--config", "sub/torchlint.toml", "--extend-select", "TL101") == ["a.py TL101", "sub/a.py TL101"]


def test_the_run_s_own_options_are_those_above_the_current_folder(write: Write, tmp_path: Path) -> None:
    write("torchlint.toml", 'output-format = "pylint"\n')
    write("sub/torchlint.toml", 'output-format = "github"\n')
    write("sub/a.py", SIZE)
    write("beside/a.py", "")
    assert call("sub", "-n", folder=tmp_path).out.startswith("sub/a.py:3: [TL101]")
    assert call(".", "-n", folder=tmp_path / "sub").out.startswith("::error")
    (tmp_path / "torchlint.toml").unlink()
    assert call("../sub", "-n", folder=tmp_path / "beside").out.startswith("::error")


def test_a_folder_that_is_left_out_stays_so_for_a_file_that_is_named(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", 'extend-exclude = ["old"]\nforce-exclude = true\n')
    write("old/torchlint.toml", "")
    write("old/a.py", SIZE)
    write("new/torchlint.toml", 'extend-exclude = ["draft.py"]\n')
    write("new/draft.py", SIZE)
    write("draft.py", SIZE)
    assert found(torchlint, ".") == ["draft.py TL101"]
    assert found(torchlint, "old/a.py", "new/draft.py", "draft.py") == ["draft.py TL101"]


def test_the_primary_place_s_configuration_decides(torchlint: Torchlint, write: Write) -> None:
    write("pyproject.toml", "[tool.torchlint]\n")
    write("models/torchlint.toml", 'ignore = ["TL401"]\n')
    write("models/model.py", MODEL)
    write("train.py", TRAIN.replace("from model", "from models.model"))
    assert found(torchlint, ".") == found(torchlint, "train.py") == []
    write("models/torchlint.toml", "")
    assert found(torchlint, "train.py") == ["train.py TL401"]
    write("pyproject.toml", '[tool.torchlint]\nignore = ["TL401"]\n')
    assert found(torchlint, "train.py") == []
    assert found(torchlint, ".") == found(torchlint, "models") == ["models/model.py TL401"]


WRONG = "sub/torchlint.toml:1:1: TL903 invalid-configuration unknown key `selct`; did you mean `select`?\n"


def test_a_wrong_configuration_is_told_once_and_its_files_are_linted_by_the_defaults(torchlint: Torchlint, write: Write) -> None:
    write("torchlint.toml", 'ignore = ["TL101"]\n')
    write("sub/torchlint.toml", "selct = []\n")
    for name in ("a.py", "sub/b.py", "sub/deep/c.py"):
        write(name, SIZE)
    outcome = torchlint(".", *NOISE)
    assert (outcome.code, outcome.err) == (2, WRONG)
    assert [line.split(":")[0] for line in outcome.out.splitlines()] == ["sub/b.py", "sub/deep/c.py"]
    assert (torchlint("a.py").code, torchlint("a.py").err) == (0, "")
    assert (torchlint("--show-files").code, torchlint("--show-files").err) == (2, WRONG)
    assert found(torchlint, "sub", "--select", "TL4") == []


def test_nothing_is_changed_under_a_wrong_configuration(torchlint: Torchlint, write: Write, tmp_path: Path) -> None:
    write("sub/torchlint.toml", "selct = []\n")
    write("a.py", SIZE)
    write("sub/b.py", SIZE)
    assert torchlint(".", "--fix", "--fixable", "ALL").code == 2
    assert (tmp_path / "a.py").read_text() != SIZE
    assert torchlint(".", "--add-ignore").code == 2
    assert (tmp_path / "sub/b.py").read_text() == SIZE


def test_what_is_wrong_in_an_extended_file_is_told_once_with_its_place(torchlint: Torchlint, write: Write) -> None:
    write("base.toml", 'jobs = 1\nselect = ["TL999"]\n')
    for folder in ("one", "two"):
        write(f"{folder}/torchlint.toml", 'extend = "../base.toml"\n')
        write(f"{folder}/a.py", SIZE)
    outcome = torchlint(".", *NOISE)
    assert outcome.code == 2
    assert outcome.err.startswith("base.toml:2:1: TL903 invalid-configuration `select`: unknown rule `TL999`;")
    assert outcome.err.count("\n") == 1
    assert outcome.out.count("TL101") == 2


def test_a_circle_is_one_message_whichever_file_leads_into_it(torchlint: Torchlint, write: Write) -> None:
    for folder, other in (("one", "two"), ("two", "one"), ("three", "two"), ("four", "four")):
        write(f"{folder}/torchlint.toml", f'jobs = 1\nextend = "../{other}/torchlint.toml"\n')
        write(f"{folder}/a.py")
    message = "TL903 invalid-configuration `extend` leads in a circle:"
    outcome = torchlint(".")
    assert (outcome.code, sorted(outcome.err.splitlines())) == (
        2,
        [
            f"four/torchlint.toml:2:1: {message} four/torchlint.toml → four/torchlint.toml",
            f"one/torchlint.toml:2:1: {message} one/torchlint.toml → two/torchlint.toml → one/torchlint.toml",
        ],
    )
    assert torchlint("config", "three").err == f"{sorted(outcome.err.splitlines())[1]}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('extend = "absent.toml"\n', "`extend`: there is no file sub/absent.toml"),
        ("extend = 3\n", "`extend` must be the path of a configuration file"),
    ],
)
def test_a_file_that_cannot_be_extended_is_named(torchlint: Torchlint, write: Write, text: str, message: str) -> None:
    write("sub/torchlint.toml", text)
    write("sub/a.py")
    outcome = torchlint("sub")
    assert (outcome.code, outcome.err) == (2, f"sub/torchlint.toml:1:1: TL903 invalid-configuration {message}\n")


def test_extend_is_no_option_of_one_run(torchlint: Torchlint) -> None:
    outcome = torchlint(".", "--config", 'extend = "a.toml"')
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "`extend` can be set in a file only" in outcome.err


def test_config_shows_the_run_s_options_beside_those_of_a_path(torchlint: Torchlint, write: Write) -> None:
    write("pyproject.toml", "[tool.torchlint]\njobs = 3\n")
    write("sub/torchlint.toml", 'jobs = 4\nselect = ["TL4"]\n')
    of_files, _, of_run = torchlint("config", "sub").out.partition("\n\n")
    assert 'select = ["TL4"]  # sub/torchlint.toml:2' in of_files
    assert "jobs" not in of_files
    assert "# from pyproject.toml\n" in of_run
    assert "jobs = 3  # pyproject.toml:2" in of_run
