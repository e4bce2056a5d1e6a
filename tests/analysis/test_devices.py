"""Devices: what meets what, in the words of the report."""

from __future__ import annotations

import pytest

from torchlint.lint.linter import lint
from torchlint.lint.plugins import rules_in_force
from torchlint.project.program import Program
from torchlint.project.source import Source

MODULE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.position = nn.Embedding(8, 4)

    def forward(self, x):
        return {}
"""


@pytest.mark.parametrize(
    ("returned", "met"),
    [
        ("x + torch.zeros(x.shape[0], 4)", "the input of forward may be elsewhere"),
        ("self.position(torch.arange(x.shape[1]))", "the weights that it meets may be elsewhere"),
        ("torch.ones(x.shape[0], 8) @ self.position.weight", "the weights that it meets may be elsewhere"),
    ],
)
def test_what_is_made_on_the_cpu_meets_the_input_or_weights(returned: str, met: str) -> None:
    sources = {"net.py": Source("net.py", MODULE.format(returned))}
    (found,) = (each for each in lint(Program(sources, frozenset(sources)), rules_in_force()) if each.code == "TL801")
    assert met in found.message
