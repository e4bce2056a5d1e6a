"""Operators between values of which one is a tensor or an array."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from torchlint.analysis.facts.statements import Arithmetic
from torchlint.analysis.library.arrays import array_arithmetic
from torchlint.analysis.library.torch.tensors import operate
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import Array, Tensor, Value


def arithmetic(machine: Machine, node: ast.AST, operator: str, operands: Sequence[Value]) -> Value:
    if not any(isinstance(each, Tensor) for each in operands):
        result: Value = array_arithmetic(machine, operator, operands, node)
        source = next((each.source for each in operands if isinstance(each, Array) and each.source is not None), None)
        if isinstance(result, Array) and source is not None:
            result = replace(result, source=source)
    else:
        name = _OPERATORS.get(operator)
        result = operate(machine, name, operands, {}, node, quiet=True) if name else machine.unknown(node)
    if Arithmetic in machine.wanted:
        machine.emit(Arithmetic(machine.site(node), machine.frame, machine.grad, operator, tuple(operands), result))
    return result


_OPERATORS = {
    "Add": "torch.add", "Sub": "torch.sub", "Mult": "torch.mul", "Div": "torch.div", "FloorDiv": "torch.floor_divide",
    "Mod": "torch.remainder", "Pow": "torch.pow", "MatMult": "torch.matmul", "BitAnd": "torch.bitwise_and",
    "BitOr": "torch.bitwise_or", "BitXor": "torch.bitwise_xor", "USub": "torch.neg", "Invert": "torch.bitwise_not",
    "Eq": "torch.eq", "NotEq": "torch.ne", "Lt": "torch.lt", "LtE": "torch.le", "Gt": "torch.gt", "GtE": "torch.ge",
    "UAdd": "torch.clone",
}  # fmt: skip
