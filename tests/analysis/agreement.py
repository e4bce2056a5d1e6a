"""Whether the facts known of a program's variables are what torch says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from tests.analysis.programs import Program
from torchlint.analysis.interpret import machine_for
from torchlint.analysis.values.abstract import Activation, Tensor, Value
from torchlint.project.program import Program as Texts
from torchlint.project.source import Source
from torchlint.syntax.tree import parse

FACTS = ("shape", "dtype", "requires_grad", "leaf")


@dataclass(frozen=True)
class Comparison:
    """How many facts there were to know and were known, and where one was wrong."""

    possible: int
    known: int
    wrong: tuple[str, ...]


def final_values(text: str) -> dict[str, Value]:
    """What the interpreter holds of a file's globals at its end."""
    source = Source("program.py", text)
    tree = parse(source)
    machine = machine_for(Texts({"program.py": source}, frozenset({"program.py"})), {"program.py": tree})
    machine.run_file("program.py")
    return {str(name): value for name, value in machine.files["program.py"].globals.items() if isinstance(value, Value)}


def compare(program: Program) -> Comparison:
    values = final_values(program.text)
    wrong: list[str] = []
    possible = known = 0
    for name in program.tensors:
        truth, value = program.namespace[name], values.get(name)
        possible += len(FACTS)
        if not isinstance(value, Tensor):
            continue
        for fact, said, is_true in facts(value, truth):
            known += said is not None
            if said is not None and not is_true:
                wrong.append(f"{name}: {fact} said to be {said}, but torch says {truth.shape, truth.dtype, truth.requires_grad, truth.is_leaf}")
        if value.activation is not None and not plausible(value.activation, truth):
            wrong.append(f"{name}: {value.activation.kind} said to be applied last, but values are {truth.flatten()[:4].tolist()}")
    return Comparison(possible, known, tuple(wrong))


def facts(value: Tensor, truth: torch.Tensor) -> list[tuple[str, Any, bool]]:
    shape = value.shape
    fits = shape is not None and len(shape) == truth.dim() and all(
        not isinstance(said, int) or said == size for said, size in zip(shape, truth.shape, strict=True)
    )
    return [
        ("shape", shape, fits),
        ("dtype", value.dtype, f"torch.{value.dtype}" == str(truth.dtype)),
        ("requires_grad", value.requires_grad, value.requires_grad == truth.requires_grad),
        ("leaf", value.leaf, value.leaf == truth.is_leaf),
    ]


def plausible(activation: Activation, truth: torch.Tensor) -> bool:
    """Whether values can be what such an activation gives, as far as their range tells."""
    values = truth.detach().double()
    if values.numel() == 0 or values.isnan().any():
        return True
    match activation.kind:
        case "softmax" | "sigmoid":
            return bool(((values >= 0) & (values <= 1)).all())
        case "log_softmax" | "logsigmoid":
            return bool((values <= 0).all())
    return True
