"""Calls of what is not read: Python's builtins, torch, torchvision, NumPy, and the rest."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from torchlint.analysis.facts.sizes import dim_of
from torchlint.analysis.interpreter.escape import escape
from torchlint.analysis.library.arguments import by_number_or_name
from torchlint.analysis.library.arrays import call_array_function
from torchlint.analysis.library.einops import call_einops
from torchlint.analysis.library.handlers import FUNCTIONS, LibraryCall
from torchlint.analysis.library.python.builtins import call_builtin
from torchlint.analysis.library.python.folding import folded
from torchlint.analysis.library.torch.data import library_init
from torchlint.analysis.library.torch_functions import call_torch, initialized
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.values.abstract import (
    NONE,
    UNKNOWN,
    Const,
    Instance,
    Iteration,
    Library,
    Size,
    Tensor,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import (
    is_module,
)
from torchlint.analysis.values.inspection import element_of, known_items, origin_of
from torchlint.analysis.values.join import present
from torchlint.torch_api.binding import bind
from torchlint.torch_api.probes import PROBES, Probe
from torchlint.torch_api.transforms import BATCH

_PROGRESS = frozenset({"tqdm", "trange", "track", "progress_bar", "ProgressBar"})


def call_library(
    machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    known = folded(name, positional, keywords)
    if known is not None:
        return known
    package, _, last = name.rpartition(".")
    if package == "builtins":
        handler = FUNCTIONS.get(name)
        return handler(LibraryCall(machine, name, positional, keywords, node)) if handler else call_builtin(machine, last, positional, keywords, node)
    if name in PROBES:
        _probe(machine, PROBES[name], positional, keywords, node)
    if last == "__init__" and package != "builtins.super" and isinstance(receiver := initialized(machine, positional), Instance) and is_module(receiver):
        library_init(machine, receiver, positional[1:], keywords, node)
        return NONE
    if name.startswith("torch"):
        return call_torch(machine, name, last, positional, keywords, node)
    if package in ("numpy", "PIL.Image") or name.startswith("numpy."):
        return call_array_function(machine, name, positional, keywords, node)
    if (handler := FUNCTIONS.get(name)) is not None:
        return handler(LibraryCall(machine, name, positional, keywords, node))
    if last in _PROGRESS and positional:
        return Iteration(element_of(positional[0]), origin_of(positional[0])) if known_items(positional[0]) is None else positional[0]
    if name.startswith("einops."):
        return call_einops(machine, name, positional, keywords, node)
    for argument in (*positional, *keywords.values()):
        escape(machine, argument, node)
        machine.ends(argument, node)
    emit_call(machine, name, None, bind(name, positional, keywords), positional, UNKNOWN, node)
    machine.event("opaque", node, Library(name), (*positional, *keywords.values()))
    if last[:1].isupper() and not last.isupper():
        return Instance(name, {}, by_number_or_name(positional, keywords), machine.site(node))
    return Unknown(machine.site(node), name)


def _probe(machine: Machine, probe: Probe, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> None:
    """A model is run on an input of a size that is stated: `summary(model, (3, 32, 32))`."""
    model = present(positional[0] if positional else keywords.get("model", UNKNOWN))
    given = positional[probe.index] if len(positional) > probe.index else keywords.get(probe.keyword)
    if not isinstance(model, Instance) or not is_module(model) or given is None:
        return
    items = known_items(given)
    several = items is not None and bool(items) and not isinstance(items[0], Const | Size | Unknown)
    inputs = [given] if items is None or not several else list(items)
    if probe.sizes:
        shapes = [tuple(map(dim_of, known_items(each) or ())) for each in inputs]
        if not all(shapes):
            return
        inputs = [Tensor(shape=each if probe.batched else (BATCH, *each), dtype="float32", requires_grad=False, leaf=True, op="batch") for each in shapes]
    trace, machine.trace = machine.trace, []
    try:
        machine.call(model, inputs, {}, node)
    finally:
        machine.trace = trace


