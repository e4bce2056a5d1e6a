"""`torchlint shapes`: a model's table, read without running it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from tests.cli.conftest import Torchlint

Write = Callable[[str, str], Path]

LENET = """
import torch
from torch import nn
import torch.nn.functional as F


class LeNet(nn.Module):
    def __init__(self, features=400):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc = nn.Linear(features, 10)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x), 2)
        x = F.max_pool2d(self.conv2(x), 2)
        return self.fc(torch.flatten(x, 1))
"""


def test_a_table_of_layers_shapes_and_parameters(torchlint: Torchlint, write: Write) -> None:
    write("model.py", LENET)
    found = torchlint("shapes", "model.py", "--input", "1,3,32,32")
    assert found.code == 0
    assert found.out.splitlines() == [
        "LeNet: input (1, 3, 32, 32)",
        "",
        "layer           output shape     parameters",
        "-------------------------------------------",
        "conv1 (Conv2d)  (1, 6, 28, 28)          456",
        "conv2 (Conv2d)  (1, 16, 10, 10)       2,416",
        "fc (Linear)     (1, 10)               4,010",
        "-------------------------------------------",
        "output (1, 10)",
        "parameters: 6,882, trainable 6,882, frozen 0",
    ]


def test_where_it_stops_fitting_and_why(torchlint: Torchlint, write: Write) -> None:
    write("model.py", LENET.replace("features=400", "features=256"))
    found = torchlint("shapes", "model.py:LeNet", "--input", "1,3,32,32")
    assert found.code == 1
    assert "→ does not fit: fc: input (1, 400) has 400 features, linear takes 256 (model.py:17:16)\n" in found.out


def test_sizes_that_the_program_gives(torchlint: Torchlint, write: Write) -> None:
    write("model.py", LENET + "\n\nprint(LeNet()(torch.zeros(7, 3, 32, 32)))\n")
    assert torchlint("shapes", "model.py").out.startswith("LeNet: input (7, 3, 32, 32)\n")


def test_names_stand_for_sizes_that_nobody_gives(torchlint: Torchlint, write: Write) -> None:
    write("model.py", LENET)
    assert "conv1 (Conv2d)  (B, 6, H - 4, W - 4)" in torchlint("shapes", "model.py", "--input", "B,3,H,W").out


def test_as_json(torchlint: Torchlint, write: Write) -> None:
    write("model.py", LENET)
    (model,) = json.loads(torchlint("shapes", "model.py", "--input", "1,3,32,32", "--format", "json").out)
    assert (model["name"], model["output"], model["parameters"], model["problems"]) == ("LeNet", "(1, 10)", 6882, [])
    assert [row["name"] for row in model["rows"]] == ["conv1", "conv2", "fc"]
    assert model["rows"][0]["place"] == {"path": "model.py", "row": 15, "column": 26}


def test_as_a_picture(torchlint: Torchlint, write: Write) -> None:
    write("model.py", LENET)
    picture = ElementTree.fromstring(torchlint("shapes", "model.py", "--input", "1,3,32,32", "--format", "svg").out)
    texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [
        "LeNet: input (1, 3, 32, 32)",
        "conv1 (Conv2d)",
        "(1, 6, 28, 28), 456 parameters",
        "conv2 (Conv2d)",
        "(1, 16, 10, 10), 2,416 parameters",
        "fc (Linear)",
        "(1, 10), 4,010 parameters",
    ]


def test_as_markdown(torchlint: Torchlint, write: Write) -> None:
    write("model.py", LENET)
    assert "| fc (Linear) | (1, 10) | 4,010 |\n" in torchlint("shapes", "model.py", "--input", "1,3,32,32", "--format", "markdown").out


def test_a_wrong_request_is_one_clear_line(torchlint: Torchlint, write: Write) -> None:
    write("model.py", LENET)
    write("broken.py", "class (:\n")
    write("other.py", "x = 1\n")
    for arguments, said in {
        ("nowhere.py",): "there is no file nowhere.py",
        ("model.py:Net",): "there is no model `Net` in model.py; it has `LeNet`",
        ("other.py",): "there is no nn.Module with a forward in other.py",
        ("broken.py",): "broken.py:1:7: ",
        ("model.py", "--input", "1,3", "--input", "4"): "`LeNet.forward` takes `x`, but 2 were given; write one --input for each",
        ("model.py", "--input", "1;3"): "'1;3' is no shape: write sizes and names with commas, as in 1,3,224,224 or B,3,H,W",
    }.items():
        found = torchlint("shapes", *arguments)
        assert found.code in (1, 2) and said in found.err and "Traceback" not in found.err, arguments


def test_arguments_that_nobody_gives_are_named(torchlint: Torchlint, write: Write) -> None:
    write("model.py", LENET.replace("features=400", "features"))
    assert "not known: features (no call of the program gives it)" in torchlint("shapes", "model.py", "--input", "1,3,32,32").out
