"""Copies of values, and of all that they hold."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from torchlint.analysis.library.handlers import LibraryCall, handles
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import TRUE, UNKNOWN, Dict, Instance, List, Tensor, Value
from torchlint.analysis.values.checkpoints import is_state
from torchlint.analysis.values.store import COPIED


@handles("copy.deepcopy")
def _deepcopy(call: LibraryCall) -> Value:
    return _copied(call.machine, call.positional[0], call.node, 0) if call.positional else UNKNOWN


@handles("copy.copy")
def _copy(call: LibraryCall) -> Value:
    positional = call.positional
    return positional[0] if positional and is_state(positional[0]) else _deepcopy(call)


def _copied(machine: Machine, value: Value, node: ast.AST, depth: int) -> Value:
    if depth > 12:
        return UNKNOWN
    match value:
        case Instance():
            store = {key: _copied_slot(machine, held, node, depth) for key, held in value.store.items()}
            return replace(value, store=type(value.store)({**store, COPIED: TRUE}), site=value.site)
        case List() | Dict():
            store = {key: _copied_slot(machine, held, node, depth) for key, held in value.store.items()}
            return replace(value, store=store)
        case Tensor():
            return replace(value, op="deepcopy", inputs=(value,))
    return value


def _copied_slot(machine: Machine, held: Any, node: ast.AST, depth: int) -> Any:
    if isinstance(held, Value):
        return _copied(machine, held, node, depth + 1)
    if isinstance(held, tuple):
        return tuple(_copied_slot(machine, each, node, depth + 1) for each in held)
    if isinstance(held, dict):
        return {key: _copied_slot(machine, each, node, depth + 1) for key, each in held.items()}
    return held
