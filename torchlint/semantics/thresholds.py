"""Logits that are compared with 0.5 or rounded, as if they were probabilities."""

from __future__ import annotations

import ast
from typing import Any

from torchlint.semantics.facts import LogitsThresholded
from torchlint.semantics.frame import Frame
from torchlint.semantics.machine import Machine
from torchlint.semantics.site import Site
from torchlint.semantics.values import UNKNOWN, Tensor, Unknown, Value

# Methods of something unknown after which logits are logits still.
_KEEP = frozenset({"squeeze", "unsqueeze", "view", "reshape", "flatten", "detach", "cpu", "cuda", "to", "float", "clone", "contiguous"})
# What a loss may take for logits by mistake.
_PROBABILITIES = frozenset({"sigmoid", "hardsigmoid", "softmax"})
_Place = tuple[Site, Frame, bool | None]


class Thresholds(Machine):
    """Notes what is taken as logits and what is thresholded; which is which is known when all has been run."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._logits: dict[object, tuple[Site, Value]] = {}
        self._thresholded: list[tuple[_Place, Site, Value]] = []

    def taken_as_logits(self, value: Value, node: ast.AST) -> None:
        if isinstance(value, Tensor) and value.activation is not None and value.activation.kind in _PROBABILITIES:
            return
        source = _source(value)
        # Of UNKNOWN not even that is known whether it is the same as another one.
        if LogitsThresholded in self.wanted and source is not UNKNOWN:
            self._logits.setdefault(source, (self.site(node), value))

    def thresholded(self, value: Value, written: ast.expr, node: ast.AST) -> None:
        if LogitsThresholded in self.wanted and isinstance(value, Tensor | Unknown):
            site = self.site(node)
            self._thresholded.append(((site, self.frame, self.grad), site.at(written), value))

    def tell_thresholded(self) -> None:
        for (site, frame, grad), written, value in self._thresholded:
            found = self._logits.get(_source(value))
            if found is not None:
                self.emit(LogitsThresholded(site, frame, grad, value, written, found[0]))


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
