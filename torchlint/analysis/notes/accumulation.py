"""Sums and lists that gather a value in each round of a loop, and what becomes of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from torchlint.analysis.facts.outputs import Accumulation
from torchlint.analysis.facts.passes import over_data
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Dict,
    Frame,
    Instance,
    List,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.events import Event, Round
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.inspection import element_of, known_items
from torchlint.analysis.values.loaders import loader_role
from torchlint.analysis.values.site import Site
from torchlint.syntax.index import below, walk

_MOST_ANCESTORS = 1_000
_CUTS = frozenset({"detach", "data", "deepcopy"})
# Methods of something unknown whose result, of a loss, is a loss.
_KEEP = frozenset({"<sum>", "<product>", "mean", "sum", "to", "cuda", "cpu", "clone", "squeeze", "view", "scale"})
_GRADIENTS = ("backward", "gradient")
_SCALARS = frozenset({"loss", "mean", "sum"})


@immutable
class Gathered:
    """A value that was gathered: `holder` is the sum that came of it, or the list that holds it now."""

    site: Site
    frame: Frame
    grad: bool | None
    value: Value
    tensor: Site | None
    holder: Value
    holder_site: Site
    rounds: tuple[Round, ...]
    index: int


def gather(machine: Machine, node: ast.AST, target: ast.expr, value: Value, written: ast.expr, holder: Value) -> None:
    if Accumulation not in machine.wanted or not _may_keep_graph(value) or machine.grad is False:
        return
    if outlives_round(machine.frame, target, holder):
        tensor = _graph_within(machine, written)
        site = machine.site(node)
        machine.unit.pending.gathered.append(
            Gathered(site, machine.frame, machine.grad, value, tensor, holder, site.at(target), machine.rounds, len(machine.trace))
        )


def _graph_within(machine: Machine, written: ast.expr) -> Site | None:
    """The one part of an expression that holds the graph: `loss` of `loss * len(x)`."""
    parts = [written]
    while parts and isinstance(parts[0], ast.BinOp):
        parts = [each for side in (parts[0].left, parts[0].right) for each in [side] if _holds_graph(machine, side)]
        if len(parts) != 1:
            return None
    return machine.site(parts[0]) if parts else None


def _holds_graph(machine: Machine, node: ast.expr) -> bool:
    """Whether a part of an expression is, or may hold, a tensor with a graph; calls are not made again."""
    match node:
        case ast.Constant():
            return False
        case ast.Name():
            held = machine.frame.locals.get(node.id)
            return not isinstance(held, Value) or (_may_keep_graph(held) and not _is_count(held))
        case ast.Call(func=ast.Name(id="len" | "float" | "int")) | ast.Call(func=ast.Attribute(attr="size" | "item" | "numel")):
            return False
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            return False
    return True


def tell_gathered(machine: Machine) -> None:
    told, machine.unit.pending.gathered = machine.unit.pending.gathered, []
    gradients = [event for event in machine.trace if event.kind in _GRADIENTS] if told else []
    if not gradients:
        return
    before: dict[int, dict[int, Value]] = {}
    for each in told:
        if (stepped(each, gradients, before) or evaluated(each, machine.trace)) and not back_propagated_itself(each, gradients, before):
            as_tensor = used_as_tensor(each.frame, each.holder_site)
            machine.emit(Accumulation(each.site, each.frame, each.grad, each.value, each.holder_site, each.tensor, as_tensor))


def _may_keep_graph(value: Value) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, Tensor) and value.requires_grad is not False)


def _is_count(value: Value) -> bool:
    return isinstance(value, Unknown) and value.method in ("len", "size", "item", "float", "int")


def used_as_tensor(frame: Frame, holder: Site) -> bool:
    """Whether a sum or list is read as a tensor elsewhere in its function: `total.item()`, `torch.stack(losses)`."""
    scope: ast.AST = frame.function.node if frame.function else frame.tree.module
    return ast.unparse(holder.node) in _read_as_tensors(scope)


@lru_cache(maxsize=256)
def _read_as_tensors(scope: ast.AST) -> frozenset[str]:
    """What has attributes or is joined in a function, as it is written."""
    found = {ast.unparse(each.value) for each in below(scope, ast.Attribute) if each.attr not in ("append", "extend")}
    for call in below(scope, ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("stack", "tensor", "cat"):
            found.update(map(ast.unparse, call.args))
    return frozenset(found)


def outlives_round(frame: Frame, target: ast.expr, holder: Value | None) -> bool:
    """Whether a sum or list lives on when the round that is being run has ended.

    A name does where a loop of its function does not set it anew in each round, an attribute
    or item where its object was not made in the round.
    """
    text = ast.unparse(target)
    loop = frame.loops[-1].site.node if frame.loops else None
    if isinstance(target, ast.Name) and not isinstance(holder, List):
        return loop is not None and text not in set_in(loop)
    body = loop if loop is not None else frame.function.node if frame.function else None
    root = target
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    owner = holder
    if not isinstance(holder, List):
        held = frame.locals.get(root.id) if isinstance(root, ast.Name) else None
        owner = held if isinstance(held, Value) else None
    if body is not None and text in set_in(body):
        return False
    return not _made_within(owner, frame)


def _made_within(owner: Value | None, frame: Frame | None) -> bool:
    """Whether an object was made in the present round of the innermost loop that is being run."""
    site = owner.site if isinstance(owner, List | Dict | Instance) else None
    if site is None:
        return False
    while frame is not None:
        inside = frame.loops[-1].site if frame.loops else frame.site(frame.function.node) if frame.function else None
        if inside is not None and inside.tree is site.tree and _holds(inside.node, site.node):
            return True
        if frame.loops:
            return False
        frame = frame.caller
    return False


def _holds(outer: ast.AST, inner: ast.AST) -> bool:
    first, last = getattr(outer, "lineno", 0), getattr(outer, "end_lineno", 0) or 0
    return bool(first < getattr(inner, "lineno", 0) <= last)


@lru_cache(maxsize=4096)
def set_in(body: ast.AST) -> frozenset[str]:
    """The names and attributes, as they are written, that statements of a loop or function set anew."""
    found: set[str] = set()
    for part in () if isinstance(body, ast.Lambda) else getattr(body, "body", ()):
        for each in walk(part):
            if isinstance(each, ast.Assign):
                found.update(name for target in each.targets for name in _targets(target) if not _adds_to(each.value, name))
            elif isinstance(each, ast.AnnAssign) and each.value is not None:
                found.update(_targets(each.target))
    return frozenset(found)


def _targets(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from _targets(each)
    else:
        yield ast.unparse(target)


def _adds_to(value: ast.expr, name: str) -> bool:
    return isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and name in (ast.unparse(value.left), ast.unparse(value.right))


def ancestors(value: Value) -> dict[int, Value]:
    """What a value was computed from, itself included, by id; lists that were taken whole as well."""
    found: dict[int, Value] = {}
    pending: list[Value] = [value]
    while pending and len(found) < _MOST_ANCESTORS:
        each = pending.pop()
        # UNKNOWN stands for any number of things.
        if id(each) in found or each is UNKNOWN:
            continue
        found[id(each)] = each
        match each:
            case Tensor() if each.op not in _CUTS and each.requires_grad is not False:
                # Only a join has no inputs; what it is of, it may share memory with. It may be that cut off, if either has no gradient.
                pending.extend(each.inputs or (each.storages if each.requires_grad else ()))
            case Unknown(method=str(method), receiver=Value() as receiver) if method in _KEEP:
                pending.append(receiver)
            case Tuple():
                pending.extend(each.items)
            case OneOf():
                pending.extend(each.alternatives)
            case List():
                found[id(each.store)] = each
                pending.extend(known_items(each) or (element_of(each),))
    return found


def back_propagated_itself(gathered: Gathered, gradients: Sequence[Event], known: dict[int, dict[int, Value]]) -> bool:
    """Whether the sum or list, and not just what it gathers, is what backward() is called on later."""
    holder = gathered.holder
    key = id(holder.store) if isinstance(holder, List) else id(holder)
    return any(key in _behind(event, known) for event in gradients)


def stepped(gathered: Gathered, gradients: Sequence[Event], known: dict[int, dict[int, Value]]) -> bool:
    """Whether what is gathered, or what it is part of, is back-propagated in the very round that it is made in."""
    value, depth = gathered.value, len(gathered.rounds)
    own: dict[int, Value] | None = None
    for event in gradients:
        if event.kind != "backward" or event.rounds[:depth] != gathered.rounds:
            continue
        own = ancestors(value) if own is None else own
        if id(event.subject) in own:
            return True
        if isinstance(value, Tensor) and _is_scalar(value) and id(value) in _behind(event, known):
            return True
    return False


def evaluated(gathered: Gathered, trace: Sequence[Event]) -> bool:
    """Whether what is gathered comes of a model in a loop over data that computes no gradients, nor does what follows.

    What follows is the rest of the round that the loop is run in. The mode or the data tells that the loop evaluates;
    if neither does, all that becomes of the sum must be seen, up to the end of the outermost round.
    """
    value, rounds = gathered.value, gathered.rounds
    if not rounds or not isinstance(value, Tensor) or value.requires_grad is not True or value.model is None or gathered.frame.alone:
        return False
    applied = [event for event in trace[: gathered.index] if event.kind == "model" and event.rounds[: len(rounds)] == rounds]
    if not applied or not over_data(rounds[-1].loop):
        return False
    told = all(event.training is False for event in applied) or loader_role(rounds[-1].loop.iterated) == "evaluation"
    outer = rounds[:-1] if told else rounds[:-1][:1]
    before = [event for event in trace[: gathered.index] if event.rounds[: len(rounds)] == rounds]
    after = [event for event in trace[gathered.index :] if event.rounds[: len(outer)] == outer]
    if not told and (not _seen_whole(gathered.frame) or any(event.kind == "opaque" and gathered.holder in event.arguments for event in after)):
        return False
    return not any(event.kind in (*_GRADIENTS, "step") for event in (*before, *after))


def _seen_whole(frame: Frame | None) -> bool:
    """Whether a function is run as part of the program, not on its own for want of a caller."""
    while frame is not None:
        if frame.alone:
            return False
        frame = frame.caller
    return True


def _behind(event: Event, known: dict[int, dict[int, Value]]) -> dict[int, Value]:
    """The ancestors of what backward() is called on, worked out once."""
    if id(event.subject) not in known:
        known[id(event.subject)] = ancestors(event.subject)
    return known[id(event.subject)]


def _is_scalar(value: Tensor) -> bool:
    return value.shape == () or value.op in _SCALARS
