"""Names of a program are looked up in tables alone: none of them reaches a function or an attribute of torchlint's own."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator
from pathlib import Path

import pytest

import torchlint
from tests.analysis.reading import reports

ANALYSIS = Path(torchlint.__file__).parent / "analysis"
SOFTMAX = """
import torch, torch.nn.functional as F

def last(x, y):
    return F.cross_entropy(torch.softmax(x, 1), y)
"""


def own_names() -> set[str]:
    """Every function, method and attribute that is defined in the analysis."""
    names: set[str] = set()
    for path in ANALYSIS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
    return {name.strip("_") for name in names}


def split(names: set[str]) -> Iterator[tuple[str, str]]:
    """`module_train` as `module` and `train`: what `module.train` would be found under by a name that is put together."""
    packages = ("module", "method", "tensor", "make", "run", "batch", "layer", "image", "builtin", "torch_nn")
    for name in sorted(names):
        parts = name.split("_")
        yield from (("_".join(parts[:index]), "_".join(parts[index:])) for index in range(1, len(parts)))
        yield from ((package, name) for package in packages)


def program(pairs: list[tuple[str, str]]) -> str:
    packages = sorted({package for package, _ in pairs})
    calls = [f"    {package}.{name}(net, 3)" for package, name in pairs]
    return "\n".join([*(f"import {package}" for package in packages), "def own(net):", *calls, SOFTMAX])


def test_no_function_of_an_unknown_package_is_taken_for_one_of_ours() -> None:
    pairs = [pair for pair in split(own_names()) if all(part.isidentifier() and not keyword.iskeyword(part) for part in pair)]
    assert len(pairs) > 1_000
    for start in range(0, len(pairs), 200):
        assert [each.split()[0] for each in reports(program(pairs[start : start + 200]))] == ["TL401"]


@pytest.mark.parametrize("call", ["torch(3)", "torch.nn(3)", "torch.module_train(3)", "torch.nn.functional(3)"])
def test_a_package_that_is_called_is_no_failure(call: str) -> None:
    assert [each.split()[0] for each in reports(f"import torch\n{call}\n{SOFTMAX}")] == ["TL401"]
