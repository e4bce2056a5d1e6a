"""A problem has one primary place: what is said there silences it wherever it is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Torchlint
from torchlint.diagnostic import Diagnostic
from torchlint.lint.checks import Checks, Choice
from torchlint.project.program import Program
from torchlint.project.source import Source

Write = Callable[..., Path]

MODEL = """\
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return F.softmax(self.fc(x), dim=1)
"""
TRAIN = """\
import torch
from torch import nn
from model import Net

loss = nn.CrossEntropyLoss()(Net()(torch.randn(2, 4)), torch.tensor([0, 1]))
"""
COMMENT = "  # torchlint: ignore[softmax-before-cross-entropy]"
SILENT_MODEL = MODEL.replace("dim=1)", f"dim=1){COMMENT}")
SILENT_TRAIN = TRAIN.replace("1]))", f"1])){COMMENT}")


def found(*linted: str, **texts: str) -> list[Diagnostic]:
    files = {"model.py": MODEL, "train.py": TRAIN} | {f"{name}.py": text for name, text in texts.items()}
    program = Program({path: Source(path, text) for path, text in files.items()}, frozenset(linted))
    return Checks(Choice(frozenset(["TL401"])))(program)


def places(reports: list[Diagnostic]) -> list[str]:
    return [f"{each.code} {each.place.path}:{each.place.span.start.row}" for each in reports]


@pytest.fixture
def project(write: Write) -> Callable[..., None]:
    """Write a project of two files and its configuration."""

    def make(model: str = MODEL, train: str = TRAIN, configuration: str = "") -> None:
        write("pyproject.toml", f"[tool.torchlint]\n{configuration}")
        write("model.py", model)
        write("train.py", train)

    return make


def concise(torchlint: Torchlint, *arguments: str) -> list[str]:
    """Code and place of what is reported, whether it is known from the run before or not."""
    runs = [torchlint(*arguments, "-q").out.splitlines() for _ in range(2)]
    assert runs[0] == runs[1]
    return [" ".join((line.split(" ")[1], line.split(" ")[0].rsplit(":", 2)[0])) for line in runs[0]]


def test_the_softmax_is_the_place_where_its_file_is_linted() -> None:
    for linted in (("model.py", "train.py"), ("model.py",)):
        (report,) = found(*linted)
        assert places([report]) == ["TL401 model.py:11"]
        assert report.primary == report.place
        assert [one.place.path for one in report.related] == ["train.py"]


def test_the_loss_is_where_it_is_shown_without_fix_where_only_its_file_is_linted() -> None:
    (report,) = found("train.py")
    assert places([report]) == ["TL401 train.py:5"]
    assert (report.primary.path, report.primary.span.start.row, report.fix) == ("model.py", 11, None)
    assert [(one.place, one.message) for one in report.related] == [(report.primary, "the place to mend")]


@pytest.mark.parametrize("linted", [".", "model.py", "train.py"])
def test_a_comment_at_the_primary_place_silences_it_wherever_it_is_shown(
    torchlint: Torchlint, project: Callable[..., None], linted: str
) -> None:
    project(SILENT_MODEL)
    assert concise(torchlint, linted) == []


@pytest.mark.parametrize("linted", [".", "model.py", "train.py"])
def test_an_ignored_primary_file_silences_it_wherever_it_is_shown(
    torchlint: Torchlint, project: Callable[..., None], linted: str
) -> None:
    project(configuration='per-file-ignores = { "model.py" = ["TL401"] }')
    assert concise(torchlint, linted) == []


@pytest.mark.parametrize("linted", [".", "model.py", "train.py"])
@pytest.mark.parametrize("known", [".", "train.py"])
def test_a_baseline_knows_it_by_its_primary_place(torchlint: Torchlint, project: Callable[..., None], known: str, linted: str) -> None:
    project()
    torchlint(known, "--write-baseline", "known.json")
    assert [each["path"] for each in json.loads(Path(torchlint.folder / "known.json").read_text())["problems"]] == ["model.py"]
    assert concise(torchlint, linted, "--baseline", "known.json") == []


@pytest.mark.parametrize("linted", [".", "model.py", "train.py"])
def test_comments_at_both_places_are_both_used(torchlint: Torchlint, project: Callable[..., None], linted: str) -> None:
    project(SILENT_MODEL, SILENT_TRAIN)
    assert concise(torchlint, linted) == []


def test_a_comment_at_the_related_place_alone_silences_it_there_alone(torchlint: Torchlint, project: Callable[..., None]) -> None:
    project(MODEL, SILENT_TRAIN)
    assert concise(torchlint, "train.py") == []
    assert concise(torchlint, ".") == concise(torchlint, "model.py") == ["TL401 model.py:11"]


def test_settings_at_the_related_place_alone_silence_it_there_alone(torchlint: Torchlint, project: Callable[..., None]) -> None:
    project(configuration='per-file-ignores = { "train.py" = ["TL401"] }')
    assert concise(torchlint, "train.py") == []
    assert concise(torchlint, ".") == ["TL401 model.py:11"]


@pytest.mark.parametrize("comment", ["# torchlint: ignore", "# noqa: TL401", "# torchlint: ignore[TL4]"])
def test_every_comment_that_would_silence_it_at_a_related_place_is_used(comment: str) -> None:
    train = TRAIN.replace("1]))", f"1]))  {comment}")
    assert found("train.py", train=train) == []
    assert places(found("model.py", "train.py", train=train)) == ["TL401 model.py:11"]


def test_a_comment_for_the_related_file_is_used_too() -> None:
    train = f"# torchlint: ignore-file[TL401]\n{TRAIN}"
    assert found("train.py", train=train) == []
    assert found("model.py", "train.py", model=SILENT_MODEL, train=train) == []


def test_a_comment_at_a_related_place_in_the_primary_file_has_no_effect() -> None:
    both = MODEL.replace("class Net", "import torch\n\nclass Net") + SILENT_TRAIN.replace("from model import Net\n", "")
    assert [each.split(" ")[0] for each in places(found("model.py", model=both))] == ["TL401", "TL902"]


def test_a_comment_near_the_related_place_has_no_effect() -> None:
    train = TRAIN.replace("import Net\n", f"import Net{COMMENT}\n")
    assert places(found("model.py", "train.py", train=train)) == ["TL401 model.py:11", "TL902 train.py:3"]


def test_each_file_that_computes_a_loss_is_a_related_place() -> None:
    texts = {"train": SILENT_TRAIN, "again": SILENT_TRAIN}
    assert places(found("model.py", "train.py", "again.py", **texts)) == ["TL401 model.py:11"]
    assert found("train.py", "again.py", **texts) == []
    assert places(found("train.py", "again.py", **texts | {"again": TRAIN})) == ["TL401 again.py:5"]
    assert places(found("train.py", "again.py", **texts | {"train": TRAIN})) == ["TL401 train.py:5"]


def test_a_comment_at_the_place_that_is_shown_is_what_add_ignore_writes(
    torchlint: Torchlint, project: Callable[..., None]
) -> None:
    project()
    torchlint("train.py", "--add-ignore")
    assert (torchlint.folder / "train.py").read_text() == SILENT_TRAIN
    assert (torchlint.folder / "model.py").read_text() == MODEL
    assert concise(torchlint, "train.py") == []


def test_a_comment_in_a_file_that_is_not_linted_counts_in_what_was_known(torchlint: Torchlint, project: Callable[..., None]) -> None:
    project()
    assert concise(torchlint, "train.py") == ["TL401 train.py:5"]
    project(SILENT_MODEL)
    assert concise(torchlint, "train.py") == []


def test_ignored_comments_count_at_neither_place(torchlint: Torchlint, project: Callable[..., None]) -> None:
    project(SILENT_MODEL, SILENT_TRAIN)
    assert concise(torchlint, "train.py", "--ignore-noqa") == ["TL401 train.py:5"]


def test_the_primary_place_is_quoted_where_its_file_is_not_linted(torchlint: Torchlint, project: Callable[..., None]) -> None:
    project()
    assert "    11 |         return F.softmax(self.fc(x), dim=1)" in torchlint("train.py", "--output-format", "full").out


def test_unused_comments_of_an_ignored_file_are_not_reported(torchlint: Torchlint, project: Callable[..., None]) -> None:
    project(train="x = 1  # noqa: TL401\n", configuration='per-file-ignores = { "train.py" = ["TL902"] }')
    assert concise(torchlint, ".") == []


def test_standard_input_comes_back_alone(torchlint: Torchlint, project: Callable[..., None]) -> None:
    project(SILENT_MODEL)
    outcome = torchlint("-", "--stdin-filename", "train.py", "--fix", stdin=TRAIN.encode())
    assert (outcome.code, outcome.out) == (0, TRAIN)


LOOP = """\
def evaluate(predict, loader):
    correct = 0
    for x, y in loader:
        correct += (predict(x).argmax(1) == y).sum()
    return correct
"""
EVALUATION = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from loop import evaluate

model = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5))
loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.zeros(8, dtype=torch.long)))
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()


def predict(x):
    return model(x)


model.eval()
evaluate(predict, loader)
"""


def test_a_rule_that_wants_every_way_is_silent_where_not_all_ways_are_read(torchlint: Torchlint, write: Write) -> None:
    write("pyproject.toml")
    write("loop.py", LOOP)
    write("train.py", EVALUATION)
    assert concise(torchlint, ".") == concise(torchlint, "loop.py") == ["TL413 loop.py:3"]
    write("train.py", EVALUATION.replace("return model(x)", "return model(x)  # noqa: TL413"))
    assert concise(torchlint, "train.py") == []
    write("train.py", EVALUATION)
    write("test.py", EVALUATION.replace("evaluate(predict,", "with torch.no_grad():\n    evaluate(predict,"))
    assert concise(torchlint, ".") == concise(torchlint, "train.py") == []
