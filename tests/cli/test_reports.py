"""Each format, written from the same diagnostics."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from torchlint.diagnostic import Diagnostic, Edit, Fix, Place, Position, Related, Span
from torchlint.project.config import FORMATS
from torchlint.report.base import Report, fingerprints
from torchlint.report.formats import writer

MODEL = "import torch\nprobabilities = torch.softmax(x, dim=1)\n"
TRAIN = "\tloss = criterion('äö𐐀', f(a,\n  b))\nend\n"


def span(row: int, column: int, end_row: int, end_column: int) -> Span:
    return Span(Position(row, column), Position(end_row, end_column))


SOFTMAX = Related(Place("model.py", span(2, 17, 2, 40)), "softmax is applied here")
FIX = Fix("pass the logits", (Edit(span(1, 26, 2, 5), "logits)"),))
FOUND = (
    Diagnostic("TL401", "softmax-before-cross-entropy", "takes 100% of\nlogits: , <&>", Place("train.py", span(1, 26, 2, 5)), "error", FIX, (SOFTMAX,)),
    Diagnostic("TL413", "eval-without-no-grad", "builds a graph", Place("train.py", span(3, 1, 3, 4)), "warning"),
)  # fmt: skip
TEXTS = {"model.py": MODEL, "train.py": TRAIN}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(name: str, found: Sequence[Diagnostic] = FOUND, **options: Any) -> str:
    out = io.StringIO()
    writer(name)(Report(found, TEXTS, **options), out)
    return out.getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_that_nothing_was_found(name: str) -> None:
    assert "TL401" not in written(name, ())


def test_concise_is_a_line_a_problem() -> None:
    lines = written("concise").splitlines()
    assert lines[2] == "train.py:3:1: TL413 eval-without-no-grad builds a graph"
    assert lines[3:] == ["Found 2 problems in 1 file.", "1 can be mended: 1 with `--fix`."]


def test_text_is_concise_where_there_is_no_terminal() -> None:
    assert written("text") == written("concise")


def test_full_points_at_the_code_and_its_relatives() -> None:
    text = written("full")
    assert f"     1 |     loss = criterion('äö𐐀', f(a,\n       | {' ' * 28}^^^^\n" in text
    assert "  model.py:2:17: softmax is applied here\n     2 | probabilities = torch.softmax(x, dim=1)" in text
    assert "fix (--fix): pass the logits" in text


def test_grouped_names_each_file_once() -> None:
    assert written("grouped").count("train.py") == 1


def test_quiet_leaves_out_the_summary() -> None:
    assert "Found" not in written("concise", quiet=True)


def test_markup_in_code_is_printed_as_it_is() -> None:
    found = Diagnostic("TL401", "n", "[red]x[/red] [link=a]", Place("[bold]train.py", span(1, 1, 1, 2)))
    for name in ("concise", "full", "grouped"):
        assert "[red]x[/red] [link=a]" in written(name, [found])
        assert "[bold]train.py" in written(name, [found])


def test_control_characters_do_not_reach_the_terminal() -> None:
    out = io.StringIO()
    found = Diagnostic("TL401", "n", "m", Place("a.py", span(1, 1, 1, 2)))
    writer("full")(Report([found], {"a.py": "x = '\x1b[31m'\n"}), out)
    assert "\x1b" not in out.getvalue()


LOCATION = {
    "type": "object",
    "required": ["row", "column"],
    "additionalProperties": False,
    "properties": {"row": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
EDIT = {"type": "object", "required": ["content", "location", "end_location"], "additionalProperties": False,
        "properties": {"content": {"type": "string"}, "location": LOCATION, "end_location": LOCATION}}  # fmt: skip
JSON_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["cell", "noqa_row", "code", "name", "message", "filename", "location", "end_location", "fix", "url", "severity", "related"],
        "properties": {
            "cell": {"type": ["integer", "null"]},
            "noqa_row": {"type": "integer", "minimum": 1},
            "code": {"pattern": r"^TL\d{3}$"},
            "name": {"type": "string"},
            "message": {"type": "string"},
            "filename": {"pattern": "^/"},
            "location": LOCATION,
            "end_location": LOCATION,
            "url": {"type": ["string", "null"], "pattern": "^https://"},
            "severity": {"enum": ["error", "warning"]},
            "fix": {
                "type": ["object", "null"],
                "required": ["applicability", "message", "edits"],
                "properties": {"applicability": {"enum": ["safe", "unsafe"]}, "edits": {"type": "array", "items": EDIT}},
            },
            "related": {
                "type": "array",
                "items": {"type": "object", "required": ["filename", "location", "end_location", "message"]},
            },
        },
    },
}


def test_json_has_the_documented_shape(tmp_path: Path) -> None:
    found = json.loads(written("json"))
    jsonschema.Draft202012Validator(JSON_SCHEMA).validate(found)
    assert found[0]["filename"] == str(tmp_path / "train.py")
    assert found[0]["related"][0]["filename"] == str(tmp_path / "model.py")
    assert found[0]["fix"]["edits"] == [
        {"content": "logits)", "location": {"row": 1, "column": 26}, "end_location": {"row": 2, "column": 5}}
    ]
    assert found[1]["fix"] is None


def test_json_lines_are_the_same_objects() -> None:
    assert [json.loads(line) for line in written("json-lines").splitlines()] == json.loads(written("json"))


def test_github_escapes_what_would_end_the_command() -> None:
    lines = written("github").splitlines()
    assert lines[0] == (
        "::error title=TL401 softmax-before-cross-entropy,file=train.py,line=1,endLine=2::"
        "train.py:1:26: TL401 takes 100%25 of%0Alogits: , <&>"
    )
    assert lines[1].startswith("::warning title=TL413 eval-without-no-grad,file=train.py,line=3,endLine=3,col=1,endColumn=4::")


def test_gitlab_has_what_code_quality_reads() -> None:
    issues = json.loads(written("gitlab"))
    assert [issue["severity"] for issue in issues] == ["major", "minor"]
    assert issues[0]["location"]["path"] == "train.py"
    assert issues[0]["location"]["positions"]["begin"] == {"line": 1, "column": 26}
    assert len({issue["fingerprint"] for issue in issues}) == 2


def test_junit_is_xml_with_a_failure_a_problem() -> None:
    root = ElementTree.fromstring(written("junit"))
    assert (root.get("tests"), root.get("failures")) == ("2", "2")
    failures = root.findall("testsuite/testcase/failure")
    assert failures[0].get("type") == "TL401"
    assert "logits: , <&>" in (failures[0].text or "")
    assert ElementTree.fromstring(written("junit", ())).get("failures") == "0"


def test_junit_survives_characters_that_xml_cannot_hold() -> None:
    found = Diagnostic("TL401", "n", "bad \x00 \x1b char", Place("a.py", span(1, 1, 1, 2)))
    assert ElementTree.fromstring(written("junit", [found])) is not None


def test_rdjson_counts_bytes() -> None:
    first = json.loads(written("rdjson"))["diagnostics"][0]
    start = first["location"]["range"]["start"]
    line = TRAIN.splitlines()[0]
    assert line.encode()[start["column"] - 1 :].decode() == line[25:]
    assert first["suggestions"][0]["text"] == "logits)"
    assert first["code"]["value"] == "TL401"


def test_sarif_refers_to_its_rules_and_keeps_the_units() -> None:
    log = json.loads(written("sarif"))
    run = log["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert re.fullmatch("[0-9a-f]{32}", result["partialFingerprints"]["torchlint/v1"])
    first = run["results"][0]
    location = first["locations"][0]["physicalLocation"]
    assert location["region"].pop("snippet") == {"text": "f(a,\n  b)"}
    assert location["region"] == {"startLine": 1, "startColumn": 26, "endLine": 2, "endColumn": 5}
    assert location["artifactLocation"] == {"uri": "train.py", "uriBaseId": "PROJECTROOT"}
    assert run["originalUriBaseIds"]["PROJECTROOT"]["uri"].startswith("file:///")
    assert first["relatedLocations"][0]["message"]["text"] == "softmax is applied here"
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == "logits)"
    assert "## Example" in run["tool"]["driver"]["rules"][0]["help"]["markdown"]


def test_fingerprint_survives_moved_lines_and_tells_twins_apart() -> None:
    def moved(rows: int) -> list[str]:
        found = [
            Diagnostic("TL401", "n", f"line {row}", Place("a.py", span(row + rows, 1, row + rows, 2))) for row in (1, 2)
        ]
        return list(fingerprints(Report(found, {"a.py": "\n" * rows + "same\nsame\n"})))

    assert moved(0) == moved(7)
    assert len(set(moved(0))) == 2
