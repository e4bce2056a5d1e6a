"""TL309 against torch: where it says that a loss is cut off from every layer, no layer gets a gradient; drawn programs, each run."""

from __future__ import annotations

import random

import pytest
import torch

from torchlint.lint.linter import lint
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import all_rules

HEAD = "import torch\nfrom torch import nn\nfc, head = nn.Linear(3, 3), nn.Linear(3, 3)\nv0 = torch.ones(2, 3)\nv1 = fc(v0)\n"
STEPS = ("{0}.clone()", "{0}.detach()", "torch.relu({0})", "{0} + {1}", "{0} * {1}", "head({0})", "torch.cat([{0}, {1}])[:2]", "torch.stack([{0}, {1}]).sum(0)")


def drawn(seed: int) -> str:
    chance = random.Random(seed)
    lines = []
    for number in range(2, 8):
        taken = [f"v{chance.randrange(max(0, number - 3), number)}" for _ in range(2)]
        lines.append(f"v{number} = {chance.choice(STEPS).format(*taken)}\n")
    return HEAD + "".join(lines) + "v7.sum().backward()\n"


def is_said_to_be_cut(text: str) -> bool:
    rules = [rule for rule in all_rules() if rule.code == "TL309"]
    return bool(lint(Program({"main.py": Source("main.py", text)}, frozenset({"main.py"})), rules))


def reaches_a_layer(text: str) -> bool:
    names: dict[str, torch.nn.Module] = {}
    try:
        exec(compile(text, "main.py", "exec"), names)
    except RuntimeError as error:
        assert "does not require grad" in str(error)
        return False
    return any(each.grad is not None for name in ("fc", "head") for each in names[name].parameters())


PROGRAMS = [drawn(seed) for seed in range(400)]


def test_what_is_said_to_be_cut_reaches_no_layer() -> None:
    wrong = [text for text in PROGRAMS if is_said_to_be_cut(text) and reaches_a_layer(text)]
    assert not wrong, f"{len(wrong)} wrong, the first:\n{wrong[0]}"


def test_most_of_what_is_cut_is_said_to_be() -> None:
    cut = [text for text in PROGRAMS if not reaches_a_layer(text) and "fc(v0)" in text and "v1" in text.partition("v1 = fc(v0)\n")[2]]
    said = [text for text in cut if is_said_to_be_cut(text)]
    assert len(cut) > 20
    assert len(said) >= 0.7 * len(cut)


def test_a_way_past_a_cut_does_not_hide_one_that_has_none() -> None:
    text = HEAD + "kept, cut = v1.clone(), v1.detach()\n(cut + kept).sum().backward()\n"
    assert reaches_a_layer(text)
    assert not is_said_to_be_cut(text)


@pytest.mark.parametrize("last", ["cut.sum()", "(cut * 2).mean()"])
def test_a_loss_of_what_was_cut_alone_is_reported(last: str) -> None:
    text = HEAD + f"cut = v1.detach()\n{last}.backward()\n"
    assert not reaches_a_layer(text)
    assert is_said_to_be_cut(text)
