"""Random Sequential nets and small forwards: shapes and refusals as under torch."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.analysis.interpret import machine_for
from torchlint.analysis.values.abstract import Tensor
from torchlint.lint.linter import settings
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.syntax.tree import parse

NETS = 1_000
PARTS = 4
HEADER = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def layers(random: Random, channels: int) -> Iterator[str]:
    """Convolutions, norms and pools, and a classifier that fits or does not."""
    for _ in range(random.randint(1, 5)):
        taken = channels if random.random() < 0.95 else channels + 1
        kernel, stride, padding = random.choice((1, 2, 3, 5)), random.choice((1, 1, 2)), random.choice((0, 0, 1, 2))
        match random.randint(0, 6):
            case 0 | 1 | 2:
                channels = random.choice((2, 4, 6))
                yield f"nn.Conv2d({taken}, {channels}, {kernel}, stride={stride}, padding={padding}, dilation={random.choice((1, 1, 2))})"
            case 3:
                yield f"nn.{random.choice(('MaxPool2d', 'AvgPool2d'))}({kernel}, {stride}, padding={min(padding, kernel // 2)}, ceil_mode={random.random() < 0.3})"
            case 4:
                yield f"nn.BatchNorm2d({taken})"
            case 5:
                channels = random.choice((2, 4))
                yield f"nn.ConvTranspose2d({taken}, {channels}, {kernel}, stride={stride}, output_padding={random.randint(0, stride - 1)})"
            case 6:
                yield f"nn.AdaptiveAvgPool2d({random.randint(1, 5)})"
        yield random.choice(("nn.ReLU()", "nn.Identity()", "nn.Upsample(scale_factor=2)", "nn.Dropout(0.5)"))
    if random.random() < 0.7:
        yield "nn.AdaptiveMaxPool2d((2, 3))"
        yield "nn.Flatten()"
        yield f"nn.Linear({channels * 6 + (random.random() < 0.2)}, 10)"


def net(seed: int) -> str:
    """A program that ends with the net's output in `x`; in eval mode, so that batch norm takes a single value too."""
    random = Random(seed)
    channels = random.choice((1, 3))
    start = f"x = torch.zeros({random.randint(1, 3)}, {channels}, {random.randint(4, 20)}, {random.randint(4, 20)})\n"
    steps = list(layers(random, channels))
    if random.random() < 0.5:
        return f"{start}model = nn.Sequential({', '.join(steps)}).eval()\nx = model(x)\n"
    made = "".join(f"        self.layer{index} = {step}\n" for index, step in enumerate(steps))
    applied = "".join(f"        x = self.layer{index}(x)\n" for index in range(len(steps)))
    skip = "        x = torch.cat([x, F.relu(x)], 1)\n" if random.random() < 0.3 else ""
    return f"class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{made}\n    def forward(self, x):\n{applied}{skip}        return x\n\n{start}x = Net().eval()(x)\n"


def by_torch(text: str) -> tuple[int, ...] | None:
    """The output's shape; None where torch refuses. The meta device does not look at every channel."""
    names = {"torch": torch, "nn": nn, "F": F}
    try:
        with torch.no_grad():
            exec(text, names)
    except (RuntimeError, ValueError):
        return None
    found = names["x"]
    assert isinstance(found, torch.Tensor)
    return tuple(found.shape)


def inferred(text: str) -> tuple[int, ...] | None:
    """The shape that is inferred; None where the net is said not to fit."""
    source = Source("main.py", HEADER + text)
    misfits: list[object] = []
    with settings():
        machine = machine_for(Program({"main.py": source}, frozenset({"main.py"})), {"main.py": parse(source)}, frozenset({ShapeMismatch}), misfits.append)
        machine.run_file("main.py")
        found = machine.files["main.py"].globals["x"]
    if misfits:
        return None
    assert isinstance(found, Tensor) and found.shape is not None, f"no shape is known\n{text}"
    return tuple(found.shape)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", range(PARTS))
def test_a_net_gives_the_shape_that_torch_gives_or_is_refused_by_both(part: int) -> None:
    refused = 0
    for seed in range(part, NETS, PARTS):
        text = net(seed)
        truth = by_torch(text)
        assert inferred(text) == truth, f"seed {seed}\n{text}"
        refused += truth is None
    assert 0 < refused < NETS // PARTS // 2
