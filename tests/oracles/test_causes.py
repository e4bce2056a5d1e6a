"""What the oracle for facts found to be said wrongly: each program is run and interpreted, and no variable may be something else than was said."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from claims import said
from contradictions import verdicts
from observing import facts_of

from tests.analysis.reading import HEADER, values
from torchlint.analysis.interpret import machine_for
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.syntax.tree import parse

# A program for each cause, and the variables of which something is known all the same.
PROGRAMS = {
    "answers in Python's own terms": ("x = torch.zeros(2)\na = torch.is_tensor(x)\nb = torch.allclose(x, x)\nc = torch.equal(x, x)\nd = torch.is_tensor(3)", "a d"),
    "where with a condition alone": ("m = torch.ones(2, 3) > 0\na = torch.where(m)\nb = a[0]\nc = torch.nonzero(m, as_tuple=True)\nd = torch.where(m, m, m)", "a b c d"),
    "a size is a tuple": ("a = torch.Size([2, 3])\nb = torch.Size([])\nc = bool(b)", "a b"),
    "division that rounds keeps integers": ("x = torch.arange(4)\na = torch.div(x, 2, rounding_mode='floor')\nb = torch.div(x, 2)", "a b"),
    "an item may bring gradients": ("a = torch.zeros(3)\na[0] = torch.ones((), requires_grad=True)\nb = torch.zeros(3)\nb[0] = [torch.ones((), requires_grad=True)][int(input())]", "a"),
    "a star takes any number of sizes": ("def f(x):\n    *batch, last = x.shape\n    return torch.zeros(*batch, last)\na = f(torch.zeros(2, 3, 4))\nb = f([torch.zeros(2)][int(input())])", "a"),
    "sets have no twins": ("a = {*[1, 2], *[2, 3]}\nb = set([1, 1])\nc = {x % 2 for x in [1, 3, 5]}\nd = set()\nd.add(1)\nd.add(1)\ne = len(d)", "a b c d e"),
    "a list of unknown length loses an element": ("a = [1, 2, 3]\na.pop(1)\nb = len(a)", ""),
    "a dict gets what it had not": ("a = {}\nb = a.setdefault('k', 3)\nc = a.get(['k', 'm'][int(input())], None)\na.setdefault('l', 4)", "a"),
    "one of two containers is changed": ("a, b = {}, {}\n[a, b][int(input())]['k'] = 1\nc, d = [], []\n(c if input() == '0' else d).append(1)", ""),
    "items of a tuple change in place": ("t = (torch.zeros(2), 1)\nt[0].requires_grad = True\na = t[0]", "a"),
    "members of an enumeration": ("from enum import Enum\nclass Kind(Enum):\n    NONE = 0\n    SOME = 1\na = Kind.NONE\nb = bool(a)", ""),
    "arithmetic of one's own": ("class Op:\n    def __mul__(self, other):\n        return self\n    def __rmul__(self, other):\n        return 3\nx = torch.zeros(2)\na = Op() * x\nb = x.size(0) * Op()", "a"),
    "objects that take torch's functions over": ("class Op:\n    @classmethod\n    def __torch_function__(cls, f, types, args=(), kwargs=None):\n        return 'mine'\na = torch.sqrt(Op())\nb = torch.mul(Op(), torch.zeros(2))", ""),
    "a property above": ("class A:\n    @property\n    def p(self):\n        return 3\nclass B(A):\n    def q(self):\n        return super().p\na = B().q()", "a"),
    "arguments that a layer keeps otherwise": (
        "class L(nn.Linear):\n    def __init__(self):\n        super().__init__(2, 3, bias=True)\nclass C(nn.Conv2d):\n    def __init__(self):\n        super().__init__(2, 4, 3)\n"
        "a, b, c, d = L().bias, C().kernel_size, L().in_features, C().out_channels", "c d",
    ),
    "classes of torch.nn that derive from others": ("a = isinstance(nn.GRU(2, 3), nn.RNNBase)\nb = isinstance(nn.ReLU6(), nn.Hardtanh)\nc = isinstance(nn.ReLU(), nn.Hardtanh)", "a b c"),
    "a row of a parameter is none": ("p = nn.Parameter(torch.zeros(2, 3))\nfor a in p:\n    pass", "a"),
    "parameters that are frozen one by one": ("class N(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.p = nn.Parameter(torch.zeros(2))\nn = N()\nfor q in n.parameters():\n    q.requires_grad = False\na = n.p", "a"),
    "what a hook gathers": ("out = []\nlayer = nn.Linear(2, 2)\nlayer.register_forward_hook(lambda m, i, o: out.append(o))\nlayer(torch.zeros(1, 2))\na = len(out)\nb = bool(out)", ""),
    "a generator runs as far as it is asked for": ("out = []\ndef g():\n    out.append(1)\n    yield 1\n    out.append(2)\nh = g()\na = len(out)", ""),
    "a maximum along a dim that is not known": ("d = [0, 1][int(input())]\na = torch.zeros(2, 3).max(dim=d)\nb = torch.zeros(2, 3).max(dim=1)", "b"),
    "a tuple repeated who knows how often": ("n = int(input()) + 1\na = (1,) * n\nb = isinstance(a, tuple)", ""),
    "torch.Tensor has the default dtype": ("torch.set_default_dtype(torch.float64)\na = torch.Tensor()\ntorch.set_default_dtype(torch.float32)", ""),
}  # fmt: skip


def run(text: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"input": lambda: "0"}
    try:
        exec(HEADER + text, namespace)
    finally:
        torch.set_default_dtype(torch.float32)
    return namespace


@pytest.mark.parametrize("cause", PROGRAMS)
def test_torch_contradicts_nothing_that_is_said(cause: str) -> None:
    text, known = PROGRAMS[cause]
    namespace, found = run(text), values(text)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 12_000))
    source = Source("main.py", HEADER + text)
    machine = machine_for(Program({"main.py": source}, frozenset({"main.py"})), {"main.py": parse(source)})
    for name in {*found}.intersection("abcde"):
        claim = said(found[name], machine)
        assert claim is not None or name not in known.split(), f"{name} is not known"
        if claim is not None:
            seen = facts_of(namespace[name])
            wrong = [fact for fact, right in verdicts(claim, seen) if not right]
            assert not wrong, f"{name}: {wrong} said {claim}, seen {seen}"


