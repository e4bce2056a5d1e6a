"""Subscripts: `value[index]`, where an index may be a slice or several."""

from __future__ import annotations

import ast

from torchlint.analysis.facts.statements import Subscript
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.misuse import bad_operand
from torchlint.analysis.values.abstract import NONE, LibraryMethod, Method, Range, Tuple, Value
from torchlint.analysis.values.join import present


def subscript(machine: Machine, node: ast.Subscript) -> Value:
    value = machine.eval(node.value)
    if isinstance(value, LibraryMethod | Method):
        bad_operand(machine, value, node, "subscript")
    value = present(value)
    index = index_of(machine, node.slice)
    result = machine.packages.item(machine, value, index, node)
    if isinstance(value, machine.wanted_values.get(Subscript, ())):
        machine.emit(Subscript(machine.site(node), machine.frame, machine.grad, value, index, result))
    return result


def index_of(machine: Machine, node: ast.expr) -> Value:
    if isinstance(node, ast.Slice):
        parts = [machine.eval(each) if each is not None else NONE for each in (node.lower, node.upper, node.step)]
        return Range(tuple(parts))
    if isinstance(node, ast.Tuple):
        return Tuple(tuple(index_of(machine, each) for each in node.elts))
    return machine.eval(node)
