"""Which files of a program are run on their own, and that classes which hold one another cost nothing to call."""

from __future__ import annotations

from pathlib import Path

from tests.analysis.reading import values
from torchlint.lint.linter import lint
from torchlint.lint.plugins import rules_in_force
from torchlint.project.programs import load

MODEL = "from layers import scores\nfrom torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return scores(x)\n"
LAYERS = "import torch\ndef scores(x):\n    return torch.softmax(x, 1)\ndef unused(x):\n    return missing\n"
TRAIN = "from model import Net\nfrom torch import nn\ndef step(x, y):\n    return nn.CrossEntropyLoss()(Net()(x), y)\n"


def _project(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("")
    for name, text in {"model": MODEL, "layers": LAYERS, "train": TRAIN}.items():
        (folder / f"{name}.py").write_text(text)


def test_what_leads_to_a_linted_file_is_run_and_what_it_imports_is_run_as_imported(tmp_path: Path) -> None:
    _project(tmp_path)
    (program,) = load([str(tmp_path / "model.py")]).programs
    assert [Path(path).name for path in program.entries] == ["model.py", "train.py"]
    assert {Path(path).name for path in program.sources} == {"model.py", "train.py", "layers.py"}


def test_a_problem_that_an_importer_makes_is_found_in_the_one_linted_file(tmp_path: Path) -> None:
    _project(tmp_path)
    (program,) = load([str(tmp_path / "layers.py")]).programs
    assert [found.code for found in lint(program, rules_in_force())] == ["TL401"]


def test_classes_that_hold_one_another_are_called_at_once() -> None:
    chain = "\n".join(f"class C{n}:\n    one, other = C{n - 1}, C{n - 1}\n    def prepare(self, x):\n        return x" for n in range(1, 60))
    program = f"class C0:\n    pass\n{chain}\nmade = C59()\nresult = made.anything(made)\n"
    assert "result" in values(program)
