"""Which files are one program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from torchlint.project.files import Filter, default_excludes, discover
from torchlint.project.program import Program
from torchlint.project.programs import Project, load
from torchlint.project.scanning import Import, scan_imports

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(*paths: str) -> Project:
    folder = str(Path.cwd())
    given = [str(Path(path).absolute()) for path in paths]
    which = Filter(default_excludes(folder))
    return load(discover(given, which), given, which=which)


def members(*paths: str) -> list[tuple[list[str], list[str]]]:
    return sorted(map(_members, loaded(*paths).programs))


def _members(program: Program) -> tuple[list[str], list[str]]:
    return sorted(program.sources), sorted(program.linted)


def test_files_that_import_one_another_are_one_program(write: Write) -> None:
    write("train.py", "from model import Net\n")
    write("model.py", "import torch\n")
    write("other.py", "import torch\n")
    assert members(".") == [
        (["model.py", "train.py"], ["model.py", "train.py"]),
        (["other.py"], ["other.py"]),
    ]


def test_importers_and_imports_lend_facts_to_a_linted_file(write: Write) -> None:
    write("pyproject.toml")
    write("train.py", "from model import Net\nimport losses\n")
    write("losses.py")
    write("model.py", "import layers\n")
    write("layers.py")
    write("unrelated.py", "import losses\n")
    assert members("model.py") == [(["layers.py", "losses.py", "model.py", "train.py"], ["model.py"])]


def test_root_is_the_nearest_folder_with_a_marker(write: Write) -> None:
    write("pyproject.toml")
    write("one/pyproject.toml")
    write("one/lib/net.py")
    write("one/tools/train.py", "import lib.net\n")
    program = loaded("one/tools/train.py").programs[0]
    assert program.roots == ("one",)
    assert sorted(program.sources) == ["one/lib/net.py", "one/tools/train.py"]


def test_setup_script_inside_a_repository_is_no_root(write: Write) -> None:
    write("pyproject.toml")
    write("ops/setup.py")
    write("ops/fast.py")
    write("model.py", "from ops.fast import op\n")
    assert (["model.py", "ops/fast.py"], ["model.py", "ops/fast.py"]) in members(".")


def test_strangers_in_a_folder_without_marker_are_not_mixed(write: Write) -> None:
    for project in ("one", "two"):
        write(f"{project}/train.py", "from special.net import Net\n")
    write("two/special/net.py")
    assert (["one/train.py"], ["one/train.py"]) in members(".")


def test_parts_that_import_one_another_are_one_project_without_marker(write: Write) -> None:
    write("scripts/train.py", "from lib.net import Net\n")
    write("lib/net.py")
    assert members(".") == [(["lib/net.py", "scripts/train.py"], ["lib/net.py", "scripts/train.py"])]


def test_package_given_as_folder_is_imported_from_above(write: Write) -> None:
    write("pkg/__init__.py")
    write("pkg/net.py")
    write("pkg/train.py", "from pkg.net import Net\n")
    assert (["pkg/net.py", "pkg/train.py"], ["pkg/net.py", "pkg/train.py"]) in members("pkg")


def test_module_taken_from_a_package(write: Write) -> None:
    write("pyproject.toml")
    write("train.py", "from pkg import (  # the model\n    net,\n)\n")
    write("pkg/net.py")
    assert members("train.py") == [(["pkg/net.py", "train.py"], ["train.py"])]


def test_single_file_does_not_read_a_whole_home_folder(write: Write) -> None:
    write("train.py", "import net\n")
    write("a/b/c/d/net.py")
    assert members("train.py") == [(["train.py"], ["train.py"])]


def test_paths_are_relative_to_the_current_folder_above_too(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("pyproject.toml")
    write("net.py")
    train = write("sub/train.py", "import net\n")
    monkeypatch.chdir(tmp_path / "sub")
    assert members(str(train)) == [(["../net.py", "train.py"], ["train.py"])]


def test_project_elsewhere_is_shown_by_absolute_paths(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("one/pyproject.toml")
    path = write("one/train.py")
    write("two/x.py")
    monkeypatch.chdir(tmp_path / "two")
    assert members(str(path)) == [([path.as_posix()], [path.as_posix()])]


def test_unreadable_file_leaves_the_others(write: Write) -> None:
    write("bad.py", b"x = '\xff'\n")
    write("good.py")
    project = loaded(".")
    assert [each.place.path for each in project.unreadable] == ["bad.py"]
    assert [sorted(program.sources) for program in project.programs] == [["good.py"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a.b as c, d\n", [Import("a.b"), Import("d")]),
        ("from . import x, y as z\n", [Import("", 1, ("x", "y"))]),
        ("from ..a import (\n    x,  # from\n    y,\n)\n", [Import("a", 2, ("x", "y"))]),
        ("from a import x, \\\n    y\n", [Import("a", 0, ("x", "y"))]),
        ("if 1:\n\tfrom a import *\n", [Import("a", 0, ())]),
        ("important = 1\nfrom_here = 2\n", []),
    ],
)
def test_import_statements_are_found_by_their_lines(text: str, expected: list[Import]) -> None:
    assert list(scan_imports(text)) == expected
