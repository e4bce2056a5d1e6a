"""What einops' functions give."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.analysis.library.torch.shapes import function_shape, single_shape
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import shape_mismatch
from torchlint.analysis.values.abstract import Activation, Tensor, Unknown, Value
from torchlint.torch_api.dtypes import is_floating
from torchlint.torch_api.shapes.error import ShapeError


def call_einops(machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
    if not positional or not isinstance(positional[0], Tensor) or name.rpartition(".")[2] not in ("rearrange", "repeat", "reduce", "einsum"):
        return Unknown(machine.site(node), name, positional[0] if positional else None)
    shape = None
    try:
        shape = single_shape(function_shape(name, positional, keywords))
    except ShapeError as error:
        shape_mismatch(machine, name, error, positional, None, node)
    source = positional[0]
    if name.endswith((".reduce", ".einsum")):
        # Sums of what was, and of what else is given.
        alone = name.endswith(".reduce")
        return Tensor(
            shape=shape, dtype=source.dtype if alone and is_floating(source.dtype) else None, requires_grad=source.requires_grad if alone else None,
            leaf=True if alone and source.requires_grad is False else None, activation=Activation("other"), site=machine.site(node), op=name,
            inputs=(source,), device=source.device,
        )  # fmt: skip
    return replace(source, shape=shape, tail=None, op=name, inputs=(source,), site=machine.site(node), leaf=True if source.requires_grad is False else None, parameter=False)
