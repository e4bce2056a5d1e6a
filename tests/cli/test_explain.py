"""`torchlint explain FILE:LINE`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from torchlint.cli import cli

PROGRAM = """\
import torch
from torch import nn

weight = torch.randn(4, 3, requires_grad=True)
hidden = torch.randn(8, 4) @ weight
probability = hidden.softmax(dim=1)
model = nn.Sequential(nn.Linear(3, 2), nn.Dropout())
model.eval()
if input():
    either = torch.zeros(2)
else:
    either = torch.zeros(2, dtype=torch.float64)
print(either)
"""


def explained(tmp_path: Path, place: str, text: str = PROGRAM) -> dict[str, dict[str, str]]:
    """The table, by variable and column."""
    (tmp_path / "program.py").write_text(text)
    result = CliRunner().invoke(cli, ["explain", str(tmp_path / place)])
    assert result.exit_code == 0, result.output
    header, *lines = result.output.splitlines()
    starts = [header.index(title) for title in header.split("  ") if title.strip() for title in [title.strip()]]
    cells = [[line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)] for line in lines]
    titles = [header[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]
    return {row[0]: dict(zip(titles, row, strict=True)) for row in cells}


def test_a_leaf_keeps_its_grad_and_what_is_computed_from_it_does_not(tmp_path: Path) -> None:
    table = explained(tmp_path, "program.py:8")
    assert table["weight"]["is_leaf"] == "yes" and table["weight"]["grad kept"] == "yes"
    assert table["hidden"]["requires_grad"] == "yes" and table["hidden"]["grad kept"] == "no"


def test_shape_dtype_and_last_activation_are_shown(tmp_path: Path) -> None:
    row = explained(tmp_path, "program.py:8")["probability"]
    assert row["shape"] == "(8, 3)" and row["dtype"] == "float32"
    assert row["last activation"] == "softmax (dim 1)"


def test_a_module_s_mode_is_the_one_at_that_line(tmp_path: Path) -> None:
    assert explained(tmp_path, "program.py:7")["model"]["mode"] == "train"
    assert explained(tmp_path, "program.py:8")["model"]["mode"] == "eval"


def test_what_branches_disagree_on_is_left_open(tmp_path: Path) -> None:
    row = explained(tmp_path, "program.py:13")["either"]
    assert row["shape"] == "(2,)" and row["dtype"] == ""


def test_a_place_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["explain", "program.py"])
    assert result.exit_code == 2 and "FILE:LINE" in result.output


def test_a_broken_file_is_one_line_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("x = (\n")
    result = CliRunner().invoke(cli, ["explain", str(tmp_path / "broken.py:1")])
    assert result.exit_code == 1 and "broken.py:1:" in result.output and "Traceback" not in result.output
