"""Where values come from: the model whose output something is, the modules whose parameters an optimizer holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from torchlint.analysis.values.abstract import (
    FALSE,
    UNKNOWN,
    Class,
    Const,
    Dict,
    Instance,
    Iteration,
    Library,
    LibraryMethod,
    List,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import children, descendants, is_module, layer_of, opaque_base
from torchlint.analysis.values.contents import held_in
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.members import attributes_called, set_aside
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS, MODED

_LONGEST_CHAIN = 64
_FEW = 8
_MOST_SEARCHED = 512


def _items(value: Tuple | List) -> tuple[Value, ...] | None:
    return value.items if isinstance(value, Tuple) else value.store.get(ITEMS)


def _held(value: Tuple | List | Dict) -> tuple[Value, ...]:
    """The first of what a container holds."""
    held = value.items if isinstance(value, Tuple) else value.store.get(ITEMS if isinstance(value, List) else ENTRIES)
    if held is None:
        element = value.store.get(ELEMENT) if not isinstance(value, Tuple) else None
        return (element,) if isinstance(element, Value) else ()
    return tuple(held.values() if isinstance(held, dict) else held)[:_FEW]


# Methods and attributes behind which no gradient comes back, of values that are not known to be tensors.
ENDS = frozenset({"item", "tolist", "numpy", "detach", "data", "argmax", "eq", "ne", "gt", "lt", "ge", "le", "topk", "max", "min"})


def model_of(value: Value | None) -> Value | None:
    """The module whose output a value is computed from; where only that much is known, the unknown thing that was called."""
    return _model_of(value, {})


def _model_of(value: Value | None, searched: dict[int, Value]) -> Value | None:
    """As `model_of`; in what was searched before, nothing was found."""
    called = False
    for _ in range(_LONGEST_CHAIN):
        if isinstance(value, Unknown):
            if value.method == "<model>":
                return value.receiver
            if value.receiver is None:
                return value if called else None
            called = value.method == "<call>"
            value = value.receiver
            continue
        match value:
            case Tensor():
                return None if value.parameter else value.model
            case Const() | Library() | None:
                return None
            case LibraryMethod():
                value = value.receiver
            case Tuple() | List() | Dict() | OneOf():
                for item in value.alternatives if isinstance(value, OneOf) else _held(value):
                    if id(item) not in searched and len(searched) < _MOST_SEARCHED:
                        searched[id(item)] = item
                        found = _model_of(item, searched)
                        if found is not None:
                            return found
                return None
            case Iteration():
                value = value.element
            case Instance() if called:
                return value
            case _:
                return None
    return None


def made_at(value: Value | None) -> Iterator[int]:
    """The places, as keys of sites, where a value and what it was computed from came into being."""
    pending, seen = [value], set[int]()
    while pending and len(seen) < _LONGEST_CHAIN:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        match each:
            case Tensor() | Unknown() if each.site is not None:
                yield each.site.key
        match each:
            case Tensor():
                pending.extend(each.inputs)
            case Unknown() | LibraryMethod():
                pending.append(each.receiver)
            case Tuple() | List() | Dict():
                pending.extend(_held(each))
            case OneOf():
                pending.extend(each.alternatives)


def gradient_of(value: Value | None) -> Value | None:
    """The tensor whose `.grad` (or `.grad.data`) a value is; UNKNOWN where it is one of something unknown."""
    match value:
        case Tensor(op="grad", inputs=(parameter,)):
            return parameter
        case Tensor(op="data" | "detach", inputs=(source,)):
            return gradient_of(source)
        case LibraryMethod(name="grad") | Unknown(method="grad"):
            return UNKNOWN
        case LibraryMethod(name="data", receiver=source):
            return gradient_of(source)
    return None


def empties(method: str, arguments: Sequence[Value]) -> bool:
    """Whether a method leaves nothing of a gradient: `zero_()`, `fill_(0)`, `mul_(0)`."""
    if method in ("fill_", "mul_"):
        return len(arguments) == 1 and isinstance(arguments[0], Const) and arguments[0].value == 0
    return method in ("zero_", "detach_")


def parts(value: Value | None) -> frozenset[int]:
    """A module and the modules in it, as things that can be compared; those of either, where it is one of several."""
    if isinstance(value, OneOf):
        return frozenset[int]().union(*map(parts, value.alternatives))
    if isinstance(value, Instance):
        return frozenset(id(each.store) for each in descendants(value))
    return frozenset((id(value),)) if isinstance(value, Unknown) else frozenset()


def is_opaque(value: Value | None) -> bool:
    """Whether a module, or one of several, may hold others that are not seen."""
    if isinstance(value, OneOf):
        return any(map(is_opaque, value.alternatives))
    if not isinstance(value, Instance):
        return True
    for each in descendants(value):
        if _outside(each) or (ITEMS in each.store and each.store[ITEMS] is None):
            return True
        if any(_may_be_module(held) for key, held in each.store.items() if not isinstance(key, tuple)):
            return True
    return False


def _outside(module: Instance) -> bool:
    """Whether a module is of code that is not read, in whole or in part."""
    if module.cls == "torch.nn.Module" or (isinstance(module.cls, Class) and opaque_base(module.cls)):
        return True
    if isinstance(module.cls, str) and layer_of(module) is None and not module.cls.startswith("torchvision.models."):
        return True
    return "module" in module.store and isinstance(module.cls, str) and not is_module(module.store["module"])


def _may_be_module(held: object) -> bool:
    match held:
        case Unknown(method=None) | Unknown(method="<call>"):
            return True
        case OneOf():
            return any(map(_may_be_module, held.alternatives))
    return False


def holds_of(optimizer: Value | None) -> list[Value] | None:
    """The modules whose parameters an optimizer was given; None where it may hold others as well."""
    if not isinstance(optimizer, Instance):
        return None
    given = optimizer.arguments.get("params", optimizer.arguments.get(0))
    found: list[Value] = []
    return found if given is not None and _collect(given, found, 6) and found else None


@immutable
class Snapshot(Value):
    """The modules that a model had when an optimizer was given all of its parameters."""

    whole: Value
    held: frozenset[int]


def snapshot_of(optimizer: Instance) -> Snapshot | None:
    given = optimizer.arguments.get("params", optimizer.arguments.get(0))
    source = given.source if isinstance(given, Iteration) else None
    return Snapshot(source, parts(source)) if isinstance(source, Instance) else None


def _collect(value: Value, found: list[Value], depth: int) -> bool:
    if depth == 0:
        return False
    match value:
        case Tensor(parameter=True) if value.model is not None:
            found.append(value.model)
            return True
        case Iteration(source=Instance() as source) if is_module(source):
            found.append(source)
            return True
        case Iteration():
            return _collect(value.element, found, depth - 1)
        case Dict():
            entries = value.store.get(ENTRIES)
            held = entries.get("params") if isinstance(entries, dict) else None
            return isinstance(held, Value) and _collect(held, found, depth - 1)
        case List() | Tuple():
            items = _items(value)
            if items is None:
                element = value.store.get(ELEMENT) if isinstance(value, List) else None
                return isinstance(element, Value) and _collect(element, found, depth - 1)
            return all(_collect(item, found, depth - 1) for item in items)
    return False


def concerns(emptied: Value | None, optimizer: Value | None) -> bool:
    """Whether gradients emptied of one thing (an optimizer, a module, a parameter) may be those of an optimizer."""
    if emptied is optimizer or not isinstance(optimizer, Instance):
        return True
    held = holds_of(optimizer)
    if held is None:
        return True
    match emptied:
        case Tensor():
            others: list[Value] | None = [emptied.model] if emptied.model is not None else None
        case Instance() if is_module(emptied):
            others = [emptied]
        case _:
            others = holds_of(emptied)
    return others is None or may_share(others, held)


def may_share(some: Iterable[Value], others: Iterable[Value]) -> bool:
    """Whether modules may have parameters in common."""
    some, others = list(some), list(others)
    ours = frozenset[int]().union(*map(parts, some))
    theirs = frozenset[int]().union(*map(parts, others))
    if ours & theirs:
        return True
    return any(map(is_opaque, some)) or any(map(is_opaque, others))


def may_have_parameters(module: Value | None) -> bool:
    """Whether a module has parameters, or holds something that may have some; a loss of the project's own has none."""
    if not isinstance(module, Instance) or not isinstance(module.cls, Class):
        return True
    for each in descendants(module):
        if isinstance(each.cls, Class):
            held = [value for value in each.store.values() if isinstance(value, Value)]
            if any(isinstance(value, Unknown | OneOf) or (isinstance(value, Tensor) and value.parameter) for value in held):
                return True
        found = layer_of(each)
        if found is None or found.parameters or each.cls == "torch.nn.Module":
            return True
    return False


def acts_by_mode(module: Value | None) -> bool | None:
    """Whether a module computes otherwise in training than in evaluation; None where that is not known."""
    if not isinstance(module, Instance):
        return None
    applied = list(_applied(module))
    if any(map(_moded, applied)):
        return True
    return None if any(map(_may_hold_unseen, applied)) else False


def _applied(module: Instance) -> Iterator[Instance]:
    """A module and those below it that it may apply."""
    seen: set[int] = set()
    pending = [module]
    while pending:
        each = pending.pop()
        if id(each.store) not in seen:
            seen.add(id(each.store))
            yield each
            parts = children(each)
            pending.extend(part for name, part in parts if not (isinstance(each.cls, Class) and set_aside(each.cls, name)))


def _may_hold_unseen(module: Instance) -> bool:
    """Whether a module may apply others that are not seen; a number of an unknown size is none, since it is never called."""
    if module.store.get(ITEMS, ()) is None:
        held = held_in(module)
        if not held or not all(map(_is_known_module, held)):
            return True
    if _outside(module):
        return True
    called = attributes_called(module.cls) if isinstance(module.cls, Class) else None
    return any(_may_be_module(held) and (called is None or key in called) for key, held in module.store.items() if isinstance(key, str))


def _is_known_module(element: Value) -> bool:
    return all(map(is_module, element.alternatives)) if isinstance(element, OneOf) else is_module(element)


def _moded(module: Instance) -> bool:
    if isinstance(module.cls, str) and module.cls.startswith("torchvision.models."):
        # Detectors have frozen batch norm, and give their losses in train mode alone.
        return not module.cls.startswith("torchvision.models.detection.")
    if MODED in module.store:
        return True
    found = layer_of(module)
    if found is None or not found.moded:
        return False
    arguments = module.arguments
    if "Dropout" in found.name:
        rate = arguments.get("p", arguments.get(0))
        return not (isinstance(rate, Const) and rate.value in (0, 0.0))
    if "BatchNorm" in found.name:
        return arguments.get("track_running_stats") != FALSE
    if "Attention" in found.name or "Transformer" in found.name:
        rate = arguments.get("dropout")
        return not (isinstance(rate, Const) and rate.value in (0, 0.0)) and (rate is not None or "Attention" not in found.name)
    return True


def made_in_loop(value: Value | None, log: list[tuple[object, object, object, bool]], mark: int) -> bool:
    """Whether something was made since the log of writes had a length: its first write is behind it."""
    if not isinstance(value, Instance):
        return False
    return any(store is value.store for store, _, _, _ in log[mark:]) and all(store is not value.store for store, _, _, _ in log[:mark])

