"""Schedulers that other packages make are no optimizers."""

from __future__ import annotations

from torchlint.lint.linter import lint
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import all_rules

TRAINING = """
import torch
from transformers import AdamW, get_scheduler
from accelerate import Accelerator

accelerator = Accelerator()
model = torch.nn.Linear(4, 1)
optimizer = AdamW(model.parameters(), lr=0.1)
scheduler = get_scheduler("linear", optimizer, 0, 10)
for epoch in range(3):
    for x in open("data"):
        loss = model(x).mean() / 2
        loss.backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
"""


def test_the_step_of_a_scheduler_of_transformers_uses_no_gradients() -> None:
    program = Program({"main.py": Source("main.py", TRAINING)}, frozenset({"main.py"}))
    assert [found.code for found in lint(program, all_rules())] == []
