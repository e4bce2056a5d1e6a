"""Which files are linted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from torchlint.project.files import Filter, MissingPath, Rooted, default_excludes, discover, rules_of

Write = Callable[..., Path]


def names(folder: Path, *paths: Path, which: Filter | None = None) -> list[str]:
    found = discover([str(path) for path in paths or (folder,)], which or Filter(default_excludes(str(folder))))
    return [os.path.relpath(path, folder).replace(os.sep, "/") for path in found]


def test_python_files_below_a_folder(tmp_path: Path, write: Write) -> None:
    for name in ("b.py", "a/c.py", "a/d.txt", "e.pyc"):
        write(name)
    assert names(tmp_path) == ["a/c.py", "b.py"]


def test_nested_gitignore_and_its_exceptions(tmp_path: Path, write: Write) -> None:
    write(".gitignore", "build/\n*_gen.py\n")
    write("a/.gitignore", "!keep_gen.py\nlocal.py\n")
    for name in ("build/x.py", "x_gen.py", "a/keep_gen.py", "a/local.py", "local.py"):
        write(name)
    assert names(tmp_path) == ["a/keep_gen.py", "local.py"]


def test_agrees_with_git(tmp_path: Path, write: Write) -> None:
    write(".gitignore", "/top.py\nlogs/\n!logs/kept.py\n**/deep/*.py\n!**/deep/ok.py\nsp\\ ace.py\n#c\n[ab]x.py\n")
    write("sub/.gitignore", "/only_here.py\n")
    files = "top.py sub/top.py logs/kept.py x/deep/a.py x/deep/ok.py ax.py cx.py sub/only_here.py only_here.py z/sub/only_here.py"
    for name in [*files.split(), "sp ace.py"]:
        write(name)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "*.py"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert names(tmp_path) == sorted(listed.stdout.splitlines())


def test_gitignore_of_the_repository_above(tmp_path: Path, write: Write) -> None:
    (tmp_path / ".git").mkdir()
    write(".gitignore", "sub/skip.py\n")
    write("sub/skip.py")
    write("sub/take.py")
    assert names(tmp_path, tmp_path / "sub") == ["sub/take.py"]


def test_gitignore_beyond_the_repository_does_not_count(tmp_path: Path, write: Write) -> None:
    write(".gitignore", "*.py\n")
    (tmp_path / "repo/.git").mkdir(parents=True)
    write("repo/take.py")
    assert names(tmp_path, tmp_path / "repo") == ["repo/take.py"]


def test_default_excludes(tmp_path: Path, write: Write) -> None:
    for name in ("venv/a.py", "x/node_modules/a.py", ".venv/a.py", "build/a.py"):
        write(name)
    assert names(tmp_path) == ["build/a.py"]


def test_excludes_are_relative_to_the_configuration(tmp_path: Path, write: Write) -> None:
    write("a/old/x.py")
    write("old/x.py")
    rules = rules_of([Rooted("/old", str(tmp_path))])
    which = Filter(lambda folder: rules)
    assert names(tmp_path, tmp_path / "a", tmp_path / "old", which=which) == ["a/old/x.py", "old/x.py"]
    assert names(tmp_path, which=which) == ["a/old/x.py"]


def test_file_named_outright_is_linted_whatever_excludes_say(tmp_path: Path, write: Write) -> None:
    path = write("venv/a.py")
    assert names(tmp_path, path) == ["venv/a.py"]


def test_force_exclude_counts_for_files_named_outright(tmp_path: Path, write: Write) -> None:
    write(".gitignore", "skip.py\n")
    paths = [write("venv/a.py"), write("skip.py"), write("b.py")]
    assert names(tmp_path, *paths, which=Filter(default_excludes(str(tmp_path)), force=True)) == ["b.py"]


def test_file_given_twice_is_linted_once(tmp_path: Path, write: Write) -> None:
    path = write("a.py")
    assert names(tmp_path, path, tmp_path) == ["a.py"]


def test_loop_of_links_ends(tmp_path: Path, write: Write) -> None:
    write("a/x.py")
    (tmp_path / "a/loop").symlink_to(tmp_path)
    assert names(tmp_path) == ["a/x.py"]


def test_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match=r"absent\.py: no such file or folder"):
        discover([str(tmp_path / "absent.py")], Filter(default_excludes(str(tmp_path))))
