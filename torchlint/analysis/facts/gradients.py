"""Facts of the graph: leaves changed in place and lost, tensors that a graph needs and that were overwritten."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import Const, Instance, Tensor, Unknown, Value
from torchlint.analysis.values.classes import layer_of
from torchlint.analysis.values.devices import MOVED
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import FROZEN
from torchlint.torch_api.dtypes import is_integer

_MOST_NODES = 400
# What hands on values without their history.
CUTS = frozenset({"detach", "data", "item", "tolist", "numpy", "argmax", "argmin", "tensor", "as_tensor", "legacy", "from_numpy", "Variable"})

# Operations whose derivative does not depend on the numbers of what they take.
_READS_NOTHING = CUTS | {
    "add", "sub", "neg", "sum", "mean", "cat", "stack", "getitem", "view", "reshape", "flatten", "permute", "transpose", "t", "squeeze", "unsqueeze",
    "expand", "clone", "contiguous", "to", "float", "double", "cpu", "cuda", "retained",
}  # fmt: skip
_FACTORS = frozenset({"mul", "div"})
# Operations whose derivative is computed from their result.
_READS_RESULT = frozenset({"exp", "sigmoid", "tanh", "sqrt", "relu", "softmax", "log_softmax", "logsoftmax"})


@immutable
class InPlaceChange(Fact):
    """A tensor is changed in place: by an operator, a method or an assignment to its elements."""

    tensor: Tensor


@immutable
class StaleGraph(Fact):
    """What a graph needs was overwritten through `.data`, at the fact's site, before `backward` went along it."""

    backward: Site


def history(value: Value | None) -> Iterator[Value]:
    """A value and all that it was computed from, nearest first, each once."""
    pending: list[Value] = [value] if value is not None else []
    seen: set[int] = set()
    while pending and len(seen) < _MOST_NODES:
        each = pending.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, Tensor):
            pending.extend(each.inputs)
        elif isinstance(each, Unknown) and each.receiver is not None:
            pending.append(each.receiver)


def saved_for_backward(value: Value | None) -> Iterator[Tensor]:
    """The tensors in a value's history whose numbers the backward pass reads, as far as their users tell."""
    for user in history(value):
        bare = (user.op or "").rpartition(".")[2].lower() if isinstance(user, Tensor) else ""
        if isinstance(user, Tensor) and bare in _READS_RESULT:
            yield user
        elif isinstance(user, Tensor) and bare not in _READS_NOTHING:
            for index, each in enumerate(user.inputs):
                if isinstance(each, Tensor) and not (user.op in _FACTORS and _scaled(user.inputs, index, user.op)):
                    yield each


def _scaled(operands: tuple[Value, ...], index: int, op: str | None) -> bool:
    """Whether an operand is a factor (or the dividend) beside one that has no gradient: its own is that other one."""
    if len(operands) != 2 or (op == "div" and index == 1):
        return False
    other = operands[1 - index]
    return isinstance(other, Const) or (isinstance(other, Tensor) and other.requires_grad is False)


def lost_leaf(tensor: Value | None) -> Tensor | None:
    """The leaf that was lost in the very expression that made a tensor, or rebound to its own name in the same block."""
    if not isinstance(tensor, Tensor) or tensor.site is None or tensor.leaf or tensor.parameter:
        return None
    if tensor.leaf is None and tensor.op != "to":
        return None
    for each in history(tensor):
        if each is not tensor and isinstance(each, Tensor) and each.leaf and each.requires_grad and not each.parameter and each.site is not None:
            if each.op in ("detach", "data") or (each.device == MOVED and tensor.device == MOVED) or not (each.site.within(tensor.site) or _rebound(each.site, tensor.site)):
                return None
            return each
        if isinstance(each, Tensor) and each.requires_grad is not False and (each.layer is not None or each.op == "loss"):
            return None
    return None


def stepped_from(tensor: Value | None) -> Tensor | None:
    """The leaf `w` of a tensor that `w - lr * w.grad` made, in one round or in several."""
    if not isinstance(tensor, Tensor) or tensor.leaf is not False or tensor.op not in ("sub", "add"):
        return None
    leaf = tensor.inputs[0] if tensor.inputs else None
    if isinstance(leaf, Tensor) and leaf.op in ("sub", "add"):
        return stepped_from(leaf)
    if not isinstance(leaf, Tensor) or not leaf.leaf or not leaf.requires_grad:
        return None
    taken = any(isinstance(each, Tensor) and each.op == "grad" and leaf in each.inputs for each in history(tensor))
    return leaf if taken else None


def _rebound(first: Site, second: Site) -> bool:
    """Whether two expressions are bound to one name, one after the other in one block."""
    a, b = first.statement.node, second.statement.node
    if first.tree is not second.tree or not isinstance(a, ast.Assign) or not isinstance(b, ast.Assign) or a is b:
        return False
    if not isinstance(a.targets[0], ast.Name) or not isinstance(b.targets[0], ast.Name) or a.targets[0].id != b.targets[0].id:
        return False
    parent = first.tree.parent(a)
    body = next((block for name in ("body", "orelse", "finalbody") if a in (block := getattr(parent, name, []) or [])), [])
    return b in body and body.index(b) > body.index(a)


def without_graph(value: Tensor) -> Tensor | None:
    """The tensor that is without a graph since gradients were off where it was computed, if that is why `value` has none."""
    if value.requires_grad is not False:
        return None
    for each in history(value):
        if isinstance(each, Unknown):
            return None
        if not isinstance(each, Tensor):
            continue
        if each.op in CUTS or is_integer(each.dtype):
            return None
        if any(isinstance(part, Tensor) and part.requires_grad for part in each.inputs) or has_trained_parameters(each.layer, each.op):
            return each
    return None


def has_trained_parameters(layer: Value | None, op: str | None) -> bool:
    """Whether a tensor comes straight from a layer whose parameters require grad."""
    found = layer_of(layer)
    return isinstance(layer, Instance) and found is not None and found.parameters and op == found.name and FROZEN not in layer.store


