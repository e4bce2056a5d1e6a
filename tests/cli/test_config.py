"""The configuration file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from torchlint.lint.configurations import Configurations
from torchlint.project import config
from torchlint.project.config import BadConfiguration, Settings
from torchlint.project.config_file import load

Write = Callable[..., Path]


def test_nearest_file_with_our_table_counts(tmp_path: Path, write: Write) -> None:
    write("pyproject.toml", '[tool.torchlint]\nselect = ["TL4"]\n')
    write("a/pyproject.toml", '[project]\nname = "x"\n')
    write("a/b/torchlint.toml", "jobs = 3\n")
    configurations = Configurations({}, str(tmp_path))
    assert configurations.of(str(tmp_path / "a")).select == ("TL4",)
    assert configurations.of(str(tmp_path / "a/b")).jobs == 3
    assert configurations.of(str(tmp_path / "a/b")).select is None


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert Configurations({}, str(tmp_path)).of(str(tmp_path)) == Settings(base=str(tmp_path))


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("[tool.torchlint]\n\nselct = []\n", 3, "unknown key `selct`; did you mean `select`?"),
        ("[tool.torchlint]\nextend_select = []\n", 2, "unknown key `extend_select`; did you mean `extend-select`?"),
        ('[tool.torchlint]\nselect = "TL4"\n', 2, "`select` must be a list of strings"),
        ("[tool.torchlint]\njobs = true\n", 2, "`jobs` must be a number from 0 on"),
        ("[tool.torchlint]\ntarget-torch = 2.3\n", 2, '`target-torch` must be a version in quotes, as "2.3"'),
        ('[tool.torchlint]\noutput-format = "jsn"\n', 2, "did you mean `json`?"),
        ('[tool.torchlint]\nsrc = []\n[tool.torchlint.per-file-ignores]\n"a.py" = 1\n', 3, "`per-file-ignores.a.py` must be"),
        ("[tool.torchlint]\nselect = [\n", 2, "is no TOML"),
        ("[tool]\ntorchlint = 3\n", 1, "must be a table"),
    ],
)
def test_mistake_is_an_error_with_its_place(tmp_path: Path, write: Write, text: str, row: int, message: str) -> None:
    write("pyproject.toml", text)
    with pytest.raises(BadConfiguration) as problem:
        load(str(tmp_path / "pyproject.toml"))
    assert problem.value.row == row
    assert message in str(problem.value)
    assert "\n" not in str(problem.value)


def test_schema_accepts_and_refuses_what_the_reader_does() -> None:
    schema = config.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    right = 'select = ["ALL"]\njobs = 2\ntarget-torch = "2.3"\noutput-format = "sarif"\n[per-file-ignores]\n"x" = ["TL4"]\n'
    assert validator.is_valid(tomllib.loads(right))
    for wrong in ("selct = []", "jobs = -1", 'output-format = "x"', "target-torch = 2.3", 'select = "ALL"'):
        assert not validator.is_valid(tomllib.loads(wrong)), wrong


def test_committed_schema_is_current() -> None:
    committed = Path(__file__).parents[2] / "docs" / "torchlint.schema.json"
    assert json.loads(committed.read_text()) == json.loads(json.dumps(config.schema()))


def test_place_is_in_our_table(tmp_path: Path, write: Write) -> None:
    write("pyproject.toml", '[tool.ruff.lint]\nselect = ["E"]\n\n[tool.torchlint]\n# select = 1\njobs = 1\nselect = "E"\n')
    with pytest.raises(BadConfiguration) as problem:
        load(str(tmp_path / "pyproject.toml"))
    assert problem.value.row == 7


@pytest.mark.parametrize("text", ["tool.torchlint.jobs = -1\n", "[tool]\ntorchlint.jobs = -1\n", "[tool]\ntorchlint = { jobs = -1 }\n"])
def test_place_in_every_way_to_write_it(tmp_path: Path, write: Write, text: str) -> None:
    write("pyproject.toml", text)
    with pytest.raises(BadConfiguration) as problem:
        load(str(tmp_path / "pyproject.toml"))
    assert problem.value.row == text.count("\n")


def test_tool_that_is_no_table_is_none_of_ours(tmp_path: Path, write: Write) -> None:
    write("pyproject.toml", "tool = 3 # torchlint =\n")
    assert load(str(tmp_path / "pyproject.toml")).origin == str(tmp_path / "pyproject.toml")
