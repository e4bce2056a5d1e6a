"""Logits that are compared with 0.5 or rounded, as if they were probabilities."""

from __future__ import annotations

import ast

from torchlint.analysis.facts.outputs import LogitsThresholded
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import UNKNOWN, Frame, Tensor, Unknown, Value
from torchlint.analysis.values.site import Site

# Methods of something unknown after which logits are logits still.
_KEEP = frozenset({"squeeze", "unsqueeze", "view", "reshape", "flatten", "detach", "cpu", "cuda", "to", "float", "clone", "contiguous"})
# What a loss may take for logits by mistake.
_PROBABILITIES = frozenset({"sigmoid", "hardsigmoid", "softmax"})
_Place = tuple[Site, Frame, bool | None]


def taken_as_logits(machine: Machine, value: Value, node: ast.AST) -> None:
    if isinstance(value, Tensor) and value.activation is not None and value.activation.kind in _PROBABILITIES:
        return
    source = _source(value)
    # Of UNKNOWN not even that is known whether it is the same as another one.
    if LogitsThresholded in machine.wanted and source is not UNKNOWN:
        machine.unit.pending.logits.setdefault(source, (machine.site(node), value))


def thresholded(machine: Machine, value: Value, written: ast.expr, node: ast.AST) -> None:
    if LogitsThresholded in machine.wanted and isinstance(value, Tensor | Unknown):
        site = machine.site(node)
        machine.unit.pending.thresholds.append(((site, machine.frame, machine.grad), site.at(written), value))


def tell_thresholded(machine: Machine) -> None:
    for (site, frame, grad), written, value in machine.unit.pending.thresholds:
        found = machine.unit.pending.logits.get(_source(value))
        if found is not None:
            machine.emit(LogitsThresholded(site, frame, grad, value, written, found[0]))


def _source(value: Value) -> object:
    """Equal for values that the same layer made last, or that are the same unknown one."""
    while isinstance(value, Unknown) and value.method in _KEEP and value.receiver is not None:
        value = value.receiver
    if isinstance(value, Tensor):
        activation = value.activation
        if activation is None or activation.kind != "linear" or activation.site is None:
            return value
        return (activation.maker or activation.site).key
    return value
