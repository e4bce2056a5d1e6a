"""Random programs over small tensors that run under torch without error.

Each candidate statement is executed as it is drawn; one that raises is left out. What remains is a
program whose namespace is at hand: the truth that the interpreter's facts must agree with.
"""

from __future__ import annotations

import random
import warnings
from dataclasses import dataclass, field
from typing import Any

import torch

PRELUDE = """\
import random
import torch
import torch.nn.functional as F
from torch import nn


class Box:
    def __init__(self, value):
        self.value = value

    def swap(self, value):
        before, self.value = self.value, value
        return before


class Net(nn.Module):
    def __init__(self, width, last):
        super().__init__()
        self.body = nn.Sequential(nn.LazyLinear(width), nn.ReLU())
        self.head = nn.Linear(width, 3)
        self.last = last

    def forward(self, x):
        x = self.head(self.body(x))
        if self.last:
            x = torch.softmax(x, dim=-1)
        return x


def twice(x, y=None):
    if y is None:
        return x * 2
    return x + y


def early(x):
    if random.random() < 0.5:
        return x.relu()
    return x
"""

FACTORIES = (
    "torch.randn({s})", "torch.zeros({s})", "torch.ones({s}, requires_grad=True)", "torch.rand({s})",
    "torch.randn({s}, requires_grad=True)", "torch.arange({n})", "torch.arange({n}.0)", "torch.full(({s},), 2.5)",
    "torch.tensor([[1.0, 2.0], [3.0, 4.0]])", "torch.tensor([1, 2, 3])", "torch.tensor(2.0, requires_grad=True)",
    "torch.tensor(3)", "torch.tensor([True, False])", "torch.randint(0, 3, ({s},))", "torch.zeros({s}, dtype=torch.float64)",
    "torch.eye({n})", "torch.linspace(0, 1, {n})", "nn.Parameter(torch.randn({s}))", "torch.zeros({s}, dtype=torch.long)",
    "torch.empty({s}).fill_(1.0)", "torch.ones({s}, dtype=torch.bool)", "torch.randn({s}).double()",
)  # fmt: skip
UNARY = (
    "{a} + 1", "{a} * 2.0", "{a} / 2", "-{a}", "{a} ** 2", "{a} - 0.5", "1 - {a}", "2 * {a}", "{a} // 2", "{a} % 2",
    "torch.exp({a})", "{a}.abs()", "{a}.sum()", "{a}.sum(dim=0)", "{a}.mean()", "{a}.mean(-1, keepdim=True)", "{a}.max()",
    "{a}.max(dim=0)", "{a}.max(0).values", "{a}.argmax(dim=-1)", "{a}.argmax()", "torch.max({a}, 0)", "{a}.std()", "{a}.prod()",
    "{a}.view(-1)", "{a}.reshape(1, -1)", "{a}.flatten()", "{a}.flatten(1)", "{a}.unsqueeze(0)", "{a}.squeeze()", "{a}.squeeze(0)",
    "{a}.t()", "{a}.T", "{a}.transpose(0, -1)", "{a}.permute(1, 0)", "{a}[0]", "{a}[:, 0]", "{a}[..., None]", "{a}[1:]", "{a}[None]",
    "{a}[{a} > 0]", "{a}.detach()", "{a}.clone()", "{a}.data", "{a}.float()", "{a}.double()", "{a}.long()", "{a}.half()", "{a}.bool()",
    "{a}.to(torch.float32)", "{a}.to(torch.int64)", "{a}.type_as(torch.zeros(1))", "{a}.contiguous()", "{a}.cpu()",
    "{a}.repeat(2, 1)", "{a}.expand(3, -1, -1)", "{a}.chunk(2)", "{a}.split(1)", "{a}.topk(1)", "{a}.sort()",
    "{a}.cumsum(0)", "{a}.norm()", "{a}.sqrt()", "{a}.log()", "{a}.clamp(min=0)", "{a}.round()", "{a}.sigmoid()", "{a}.tanh()",
    "torch.sigmoid({a})", "F.softmax({a}, dim=-1)", "F.softmax({a}, dim=0)", "{a}.log_softmax(-1)", "F.relu({a})", "F.gelu({a})",
    "F.dropout({a}, 0.0)", "F.normalize({a}, dim=0)", "F.logsigmoid({a})", "{a} > 0", "{a} == {a}", "{a}.any()", "torch.zeros_like({a})",
    "torch.randn_like({a})", "torch.ones_like({a}, requires_grad=True)", "{a}.new_zeros(2, 3)", "{a}.eq(1)", "torch.isnan({a})",
    "{a}.unbind(0)", "{a}.flip(0)", "{a}.roll(1, 0)", "torch.tril({a})", "{a}.diagonal()", "{a}.var(dim=0)", "{a}.all()",
    "nn.Linear({a}.shape[-1], 2)({a})", "nn.Linear({a}.size(-1), 2, bias=False)({a})", "nn.ReLU()({a})", "nn.Softmax(dim=-1)({a})",
    "nn.Sigmoid()({a})", "nn.Flatten()({a})", "nn.Flatten(0)({a})", "nn.Dropout(0.0)({a})", "nn.LayerNorm({a}.shape[-1])({a})",
    "nn.BatchNorm1d({a}.shape[1])({a})", "nn.Identity()({a})", "nn.Sequential(nn.Linear({a}.shape[-1], 4), nn.Softmax(-1))({a})",
    "nn.Conv1d({a}.shape[1], 2, 1)({a})", "nn.MaxPool1d(1)({a})", "nn.LSTM({a}.shape[-1], 2)({a})[0]", "nn.GRU({a}.shape[-1], 2)({a})",
    "Net(4, True)({a})", "Net(4, False)({a})", "twice({a})", "early({a})", "Box({a}).swap(1)", "Box({a}).value", "[{a}, {a} * 2][1]",
    "({a}, 1)[0]", "(lambda x: x.exp())({a})", "[x + 1 for x in [{a}]][0]", "{{'k': {a}}}['k']", "{a} if random.random() < 0.5 else {a} * 1.5",
    "{a} if random.random() < 0.5 else {a}.detach()", "nn.Embedding(10, 3)({a})", "F.one_hot({a})", "{a}.size(0) * {a}.new_ones(1)",
    "torch.where({a} > 0, {a}, 0.0)", "{a}.masked_fill({a} > 0, 1.0)", "{a}.pow(0.5)", "torch.stack([{a}, {a}])",
    "torch.as_tensor({a})", "{a}.view({a}.shape[0], -1)", "{a}.reshape({a}.size(0), -1)", "nn.CrossEntropyLoss()({a}, {a}.detach())",
    "F.mse_loss({a}, {a} + 1)", "F.mse_loss({a}, {a} + 1, reduction='none')", "{a}.gather(0, torch.zeros_like({a}, dtype=torch.long))",
)  # fmt: skip
BINARY = (
    "{a} + {b}", "{a} * {b}", "{a} - {b}", "{a} / {b}", "{a} @ {b}", "torch.cat([{a}, {b}])", "torch.cat([{a}, {b}], dim=-1)",
    "torch.stack([{a}, {b}])", "torch.mm({a}, {b})", "{a}.matmul({b})", "torch.maximum({a}, {b})", "{a} > {b}", "{a} == {b}",
    "torch.where({a} > 0, {a}, {b})", "twice({a}, {b})", "Box({a}).swap({b})", "{a} if random.random() < 0.5 else {b}",
    "F.linear({a}, {b})", "F.mse_loss({a}, {b})", "torch.einsum('ij,jk->ik', {a}, {b})", "{a}.view_as({b})", "{a}.expand_as({b})",
    "{a}.to({b})", "{a}.type_as({b})", "({a}, {b})[1]", "torch.outer({a}, {b})", "{a}.dot({b})", "{a}[{b}]", "torch.add({a}, {b}, alpha=2)",
)  # fmt: skip
CHANGES = (
    "{a}.requires_grad_()", "{a}.add_(1)", "{a}.relu_()", "{a} += 1", "{a} *= {b}", "{a}[0] = 0", "{a}.detach_()", "{a}.requires_grad = True",
    "{a}.zero_()", "{a}.unsqueeze_(0)", "{a}.copy_({b})", "{a}[0] = {b}[0]", "{a}.requires_grad_(False)", "{a}.clamp_(0)", "{a}.squeeze_()",
    "{a}.t_()", "{a}.data = {b}", "{a}.retain_grad()", "{a}.sum().backward()",
)  # fmt: skip


@dataclass
class Program:
    """A program under construction, and the namespace that running it so far has left."""

    seed: int
    lines: list[str] = field(default_factory=list)
    namespace: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.choose = random.Random(self.seed)
        torch.manual_seed(self.seed)
        self.run(PRELUDE)
        self.count = 0

    @property
    def text(self) -> str:
        return PRELUDE + "\n".join(self.lines) + "\n"

    @property
    def tensors(self) -> list[str]:
        return [
            name for name, value in self.namespace.items() if isinstance(value, torch.Tensor) and snapshot(value) != ("spoilt",)
        ]

    def run(self, code: str) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(code, "<program>", "exec"), self.namespace)
        return True

    def attempt(self, code: str) -> bool:
        """Add code if it runs; a statement that fails half way must not have changed anything, so it is one line or guarded."""
        keep = dict(self.namespace)
        try:
            self.run(code)
        except Exception:
            self.namespace.clear()
            self.namespace.update(keep)
            return False
        self.lines.append(code)
        return True

    def expression(self) -> str:
        names = self.tensors
        kind = self.choose.random()
        if not names or kind < 0.15:
            shape = ", ".join(str(self.choose.randint(1, 4)) for _ in range(self.choose.randint(1, 3)))
            return self.choose.choice(FACTORIES).format(s=shape, n=self.choose.randint(1, 4))
        template = self.choose.choice(UNARY if kind < 0.75 else BINARY)
        return template.format(a=self.choose.choice(names), b=self.choose.choice(names))

    def simple(self) -> str:
        names = self.tensors
        kind = self.choose.random()
        if names and kind < 0.12:
            return self.choose.choice(CHANGES).format(a=self.choose.choice(names), b=self.choose.choice(names))
        if names and kind < 0.2:
            return f"{self.fresh()} = {self.choose.choice(names)}"
        if names and kind < 0.3:
            target = self.choose.choice(names)
            return f"{target} = {self.expression()}"
        if kind < 0.34:
            return f"{self.fresh()}, {self.fresh()} = {self.expression()}, {self.expression()}"
        return f"{self.fresh()} = {self.expression()}"

    def fresh(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def block(self, indent: str) -> str:
        return "\n".join(indent + self.simple() for _ in range(self.choose.randint(1, 2)))

    def statement(self) -> str:
        kind = self.choose.random()
        body = self.block("    ")
        if kind < 0.7:
            return self.simple()
        if kind < 0.76:
            return f"with torch.no_grad():\n{body}"
        if kind < 0.82:
            return f"if random.random() < 0.5:\n{body}\nelse:\n{self.block('    ')}"
        if kind < 0.87:
            return f"if random.random() < 0.5:\n{body}"
        if kind < 0.92:
            return f"for step in range({self.choose.randint(1, 3)}):\n{body}"
        if kind < 0.96:
            return f"for step in range(random.randint(0, 3)):\n{body}"
        return f"while random.random() < 0.5:\n{body}"


def generate(seed: int, length: int = 12) -> Program:
    """A program of about `length` statements after the prelude."""
    program = Program(seed)
    random.seed(seed)
    for _ in range(length):
        before = {name: snapshot(value) for name, value in program.namespace.items() if isinstance(value, torch.Tensor)}
        code = program.statement()
        if not program.attempt(code) and changed(program, before):
            return again(program)
    return program


def again(program: Program) -> Program:
    """The same statements run afresh: the last, which failed, had changed tensors in place before it did."""
    fresh = Program(program.seed)
    for line in program.lines:
        fresh.attempt(line)
    return fresh


def snapshot(tensor: torch.Tensor) -> tuple[Any, ...]:
    try:
        tensor.is_leaf  # noqa: B018
    except RuntimeError:
        # A view made under no_grad whose base was changed since: torch itself says nothing of it any more.
        return ("spoilt",)
    return (tuple(tensor.shape), tensor.dtype, tensor.requires_grad, tensor.is_leaf, tensor._version)


def changed(program: Program, before: dict[str, tuple[Any, ...]]) -> bool:
    return any(
        name in before and snapshot(value) != before[name]
        for name, value in program.namespace.items()
        if isinstance(value, torch.Tensor)
    )
