"""Reports of real runs, read by a schema, by the rules of their consumer, or beside ruff's own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.cli.conftest import REPOSITORY, Torchlint
from tests.cli.test_cells import TRAINING, data, notebook

Write = Callable[..., Path]

SIZE = 'import torch\n\nä = "𐐀€"; x = torch.zeros(2, 3); n = x.size[0]\nm = """\n""", x.size[1]\n'


@pytest.fixture
def reported(torchlint: Torchlint, write: Write) -> Callable[..., str]:
    """The report of a project with a notebook, a fault of syntax, names to escape, fixes and related places."""
    for path in (REPOSITORY / "examples").rglob("*.py"):
        write(str(path.relative_to(REPOSITORY)), path.read_bytes())
    write("a, b:c%[d];.py", SIZE)
    write("broken.py", "def f(:\n")
    write("training.ipynb", data(notebook(*TRAINING)))

    def run(format_name: str, *more: str) -> str:
        outcome = torchlint(".", "--output-format", format_name, *more)
        assert outcome.code == 1, outcome.err
        return outcome.out

    return run


def test_sarif_is_valid_by_the_official_schema(reported: Callable[..., str], tmp_path: Path) -> None:
    log = json.loads(reported("sarif"))
    schema = json.loads((REPOSITORY / "tests/data/sarif-2.1.0.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(log)
    run = log["runs"][0]
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["help"]["markdown"].startswith("# ") or rule["id"].startswith("TL9")
    # Snippets are what stands in the file at the region, in code points.
    named = [each["locations"][0]["physicalLocation"] for each in run["results"] if each["ruleId"] == "TL101"]
    assert [each["region"]["snippet"]["text"] for each in named] == ["x.size[0]", "x.size[1]"]
    assert named[0]["contextRegion"]["snippet"]["text"] == SIZE.splitlines()[2]
    assert named[0]["artifactLocation"]["uri"] == "a%2C%20b%3Ac%25%5Bd%5D%3B.py"
    for each in named:
        region, context = ({key: value for key, value in each[key].items() if key != "snippet"} for key in ("region", "contextRegion"))
        assert region != context
    assert any(each.get("fixes") for each in run["results"])
    assert any(each.get("relatedLocations") for each in run["results"])


POSITION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["line", "column"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
RANGE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["start"],
    "properties": {"start": POSITION, "end": POSITION},
}
LOCATION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"path": {"type": "string"}, "range": RANGE},
}
TEXT = {"type": "string"}
# As reviewdog.proto documents its messages; unknown fields are refused.
RDJSON: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "source": {"type": "object", "additionalProperties": False, "properties": {"name": TEXT, "url": TEXT}},
        "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["message", "location"],
                "properties": {
                    "message": TEXT,
                    "location": LOCATION,
                    "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
                    "code": {"type": "object", "additionalProperties": False, "properties": {"value": TEXT, "url": TEXT}},
                    "suggestions": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["range", "text"],
                            "properties": {"range": RANGE, "text": TEXT},
                        },
                    },
                    "relatedLocations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {"message": TEXT, "location": LOCATION},
                        },
                    },
                },
            },
        },
    },
}


def test_rdjson_is_what_reviewdog_documents(reported: Callable[..., str], tmp_path: Path) -> None:
    found = json.loads(reported("rdjson"))
    jsonschema.Draft202012Validator(RDJSON).validate(found)
    named = [each for each in found["diagnostics"] if each["code"]["value"] == "TL101"]
    for each in named:
        lines = (tmp_path / each["location"]["path"]).read_bytes().splitlines()
        start, end = (each["location"]["range"][key] for key in ("start", "end"))
        assert lines[start["line"] - 1][start["column"] - 1 : end["column"] - 1].startswith(b"x.size[")


# As GitLab documents its code quality report.
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": TEXT,
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "positions"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/)"},
                    "positions": {"type": "object", "required": ["begin"], "properties": {"begin": POSITION, "end": POSITION}},
                },
            },
        },
    },
}


def test_gitlab_is_what_its_code_quality_documents(reported: Callable[..., str]) -> None:
    issues = json.loads(reported("gitlab"))
    jsonschema.Draft202012Validator(GITLAB).validate(issues)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) > 5


# Element: its attributes (those that must be there first), and the elements that it may hold.
JUNIT = {
    "testsuites": ((), ("name", "tests", "failures", "errors", "time", "disabled"), ("testsuite",)),
    "testsuite": (
        ("name", "tests"),
        ("failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package", "disabled"),
        ("testcase",),
    ),
    "testcase": (("name",), ("classname", "time", "assertions", "status"), ("failure",)),
    "failure": ((), ("message", "type"), ()),
}


def test_junit_is_what_the_common_schema_allows(reported: Callable[..., str]) -> None:
    root = ElementTree.fromstring(reported("junit"))
    assert root.tag == "testsuites"
    for element in root.iter():
        required, optional, inside = JUNIT[element.tag]
        assert set(required) <= set(element.keys()) <= {*required, *optional}
        assert {each.tag for each in element} <= set(inside)
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite) == int(suite.attrib["failures"])
    assert int(root.attrib["tests"]) == sum(len(suite) for suite in root)


def workflow_command(line: str) -> tuple[str, dict[str, str], str]:
    """A line as GitHub's runner reads it."""
    match = re.fullmatch(r"::(\w+) ([^\r\n]*?)::([^\r\n]*)", line)
    assert match, line
    properties = dict(part.split("=", 1) for part in match[2].split(","))
    for escaped, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        properties = {key: value.replace(escaped, plain) for key, value in properties.items()}
    return match[1], properties, match[3]


def test_github_commands_are_read_back(reported: Callable[..., str], tmp_path: Path) -> None:
    commands = [workflow_command(line) for line in reported("github").splitlines()]
    for kind, properties, message in commands:
        assert kind in ("error", "warning", "notice")
        assert properties.keys() <= {"title", "file", "line", "endLine", "col", "endColumn"}
        assert (tmp_path / properties["file"]).is_file()
        assert int(properties["line"]) <= int(properties["endLine"])
        assert message
    assert any(properties["file"] == "a, b:c%[d];.py" for _, properties, _ in commands)


def test_azure_commands_are_read_back(reported: Callable[..., str], tmp_path: Path) -> None:
    for line in reported("azure").splitlines():
        match = re.fullmatch(r"##vso\[task\.logissue ([^\]]*)\](.+)", line)
        assert match, line
        properties = dict(part.split("=", 1) for part in match[1].rstrip(";").split(";"))
        assert properties.keys() == {"type", "sourcepath", "linenumber", "columnnumber", "code"}
        name = properties["sourcepath"].replace("%3B", ";").replace("%5D", "]").replace("%AZP25", "%")
        assert (tmp_path / name).is_file()


def test_pylint_lines_are_read_back(reported: Callable[..., str], tmp_path: Path) -> None:
    for line in reported("pylint").splitlines():
        match = re.fullmatch(r"(.+):(\d+): \[(TL\d{3})\] ([a-z0-9-]+): .+", line)
        assert match, line
        assert (tmp_path / match[1]).is_file()


def shape(value: object) -> object:
    """What kind of JSON a value is: of objects each key, of lists the first entry."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def test_json_has_every_field_of_ruff(reported: Callable[..., str], write: Write, tmp_path: Path) -> None:
    ours = json.loads(reported("json"))
    write("beside.py", "import os\n")
    write("beside.ipynb", data(notebook("import os")))
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F401", "--output-format", "json", "-n"]
    done = subprocess.run([*ruff, "beside.py", "beside.ipynb"], cwd=tmp_path, capture_output=True, check=False)
    for theirs in json.loads(done.stdout):
        cell = theirs["cell"] is not None
        alike = next(each for each in ours if each["fix"] and (each["cell"] is not None) == cell)
        missing = theirs.keys() - alike.keys()
        assert not missing
        for key, value in theirs.items():
            assert shape(alike[key]) == shape(value), key


def test_noqa_row_is_where_a_comment_silences(reported: Callable[..., str], torchlint: Torchlint, tmp_path: Path) -> None:
    path = tmp_path / "a, b:c%[d];.py"
    found = [each for each in json.loads(reported("json")) if each["filename"] == str(path)]
    lines = path.read_text().splitlines()
    for each in found:
        lines[each["noqa_row"] - 1] += "  # noqa: TL101"
    path.write_text("\n".join(lines) + "\n")
    assert len(found) == 2
    assert torchlint(path).code == 0
