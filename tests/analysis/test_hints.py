"""What is shown of a line that several runs come by: of a model, its own file and the program that trains it."""

from __future__ import annotations

from torchlint.analysis.views.explain import explain
from torchlint.analysis.views.hints import shape_hints
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.syntax.tree import parse

MODEL = """\
from torch import nn

class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        x = self.conv(x)
        y = x.mean((2, 3))
        return self.head(y)
"""
TRAIN = "from model import Net\n\nnet = Net()\n\ndef step(images):\n    return net(images)\n"


def program(**files: str) -> Program:
    sources = {f"{name}.py": Source(f"{name}.py", text) for name, text in files.items()}
    return Program(sources, frozenset(sources), ("",))


def hints(text: str, **files: str) -> list[str]:
    whole = program(model=text, **files)
    trees = {path: parse(source) for path, source in whole.sources.items()}
    return [hint.text for hint in shape_hints(whole, trees, "model.py")]


def shape(text: str, name: str, row: int, **files: str) -> str:
    whole = program(model=text, **files)
    trees = {path: parse(source) for path, source in whole.sources.items()}
    return next(each.shape for each in explain(whole, trees, "model.py", row) if each.name == name)


def test_sizes_that_each_run_names_for_itself_are_one_size_to_the_reader() -> None:
    assert hints(MODEL, train=TRAIN) == ["(N, 8, H, W)", "(N, 8)"]
    assert shape(MODEL, "x", 10, train=TRAIN) == "(N, 8, H, W)"


def test_a_call_that_the_program_makes_says_more_than_the_run_that_nobody_calls() -> None:
    kept = MODEL.replace("return self.head(y)", "z = self.head(y)\n        return z")
    assert hints(kept)[-1] == "(N, ?)"
    assert hints(kept, train=TRAIN)[-1] == "(N, 10)"
    assert shape(kept, "z", 12, train=TRAIN) == "(N, 10)"


def test_a_size_on_which_two_calls_differ_is_not_known() -> None:
    kept = MODEL.replace("return self.head(y)", "z = self.head(y)\n        return z")
    assert hints(kept, train=TRAIN.replace("net(images)", "net(images), Net(5)(images)"))[-1] == "(N, ?)"


def test_two_sizes_of_one_letter_keep_their_numbers() -> None:
    text = MODEL.replace("def forward(self, x):", "def forward(self, x, other):").replace(
        "y = x.mean((2, 3))", "y = self.conv(other)"
    )
    assert hints(text) == ["(N1, 8, H1, W1)", "(N2, 8, H2, W2)"]
