"""A problem whose place to mend is in a file that was not given is reported where it shows."""

from __future__ import annotations

from torchlint.lint.linter import lint
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import all_rules

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


def reported(*linted: str) -> list[tuple[str, int, str]]:
    sources = {"model.py": Source("model.py", MODEL), "train.py": Source("train.py", TRAIN)}
    rules = [rule for rule in all_rules() if rule.code == "TL401"]
    found = lint(Program(sources, frozenset(linted)), rules)
    return [(each.place.path, each.place.span.start.row, each.related[0].place.path) for each in found]


def test_the_softmax_is_the_place_where_its_file_is_linted() -> None:
    assert reported("model.py", "train.py") == [("model.py", 11, "train.py")]
    assert reported("model.py") == [("model.py", 11, "train.py")]


def test_the_loss_is_the_place_where_only_its_file_is_linted() -> None:
    assert reported("train.py") == [("train.py", 5, "model.py")]
