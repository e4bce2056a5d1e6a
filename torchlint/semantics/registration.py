"""What a module registers: its attributes, what containers hold, and what only plain lists hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torchlint.semantics.building import weighted
from torchlint.semantics.classes import children, descendants, is_module
from torchlint.semantics.values import Dict, Instance, List, OneOf, Tensor, Tuple, Value


def registers(value: Value) -> bool:
    """Whether assigning this to a module's attribute registers it, which needs Module.__init__ to have run."""
    return is_module(value) or (isinstance(value, Tensor) and value.parameter and value.op == "parameter")


def registered_otherwise(module: Instance) -> bool:
    """Whether a module registers something under a name that is not known, so that anything may be registered."""
    return "<setattr>" in module.store


def plain_contents(value: Value, depth: int = 3) -> Iterator[Value]:
    """What a list, tuple or dict holds or may hold, inner ones opened."""
    if depth < 0:
        return
    match value:
        case List():
            items = value.store.get("items")
            held = list(items) if items is not None else [*value.store.get("<seen>", ()), value.store.get("element", value)]
        case Dict():
            entries = value.store.get("entries")
            held = list(entries.values()) if entries is not None else [*value.store.get("<seen>", ()), value.store.get("element", value)]
        case Tuple():
            held = list(value.items)
        case _:
            return
    for each in held:
        for one in each.alternatives if isinstance(each, OneOf) else (each,):
            if isinstance(one, List | Dict | Tuple):
                if one is not value:
                    yield from plain_contents(one, depth - 1)
            else:
                yield one


def unregistered(module: Instance, container: Value) -> list[Value]:
    """The layers with weights, and the parameters, in a plain container of which the module knows nothing."""
    held = [each for each in plain_contents(container) if _has_weights(each)]
    if not held or registered_otherwise(module):
        return []
    own = list(descendants(module))
    known = {id(each.store) for each in own}
    # A copy of a registered layer is kept apart on purpose: a target, an old policy.
    sources = {each.site.key for each in own if each.site is not None}
    held = [each for each in held if not (isinstance(each, Instance) and "<copied>" in each.store and each.site is not None and each.site.key in sources)]
    parameters = list(_parameters(module))
    return [each for each in held if not _known(each, known, parameters)]


def _known(value: Value, modules: set[int], parameters: list[Value]) -> bool:
    if isinstance(value, Instance):
        return id(value.store) in modules
    return any(value is each for each in parameters)


def _parameters(module: Instance) -> Iterator[Value]:
    for each in descendants(module):
        items, entries = each.store.get("items"), each.store.get("entries")
        yield from (held for held in each.store.values() if isinstance(held, Tensor))
        yield from items if isinstance(items, tuple) else ()
        yield from entries.values() if isinstance(entries, dict) else ()
        yield from each.store.get("<seen>", ())


def _has_weights(value: Value) -> bool:
    if isinstance(value, Tensor):
        return value.parameter and value.op == "parameter"
    return isinstance(value, Instance) and is_module(value) and any(map(weighted, descendants(value)))


def named_children(module: Instance) -> dict[str, Instance]:
    """The sub-modules of a module by attribute name."""
    return dict(children(module))


def known_one(container: Value) -> bool:
    """Whether a container is known to hold a single thing, written as such: `[module]` hides one on purpose."""
    if isinstance(container, List):
        items = container.store.get("items")
        return items is not None and len(items) == 1 and not container.store.get("<seen>")
    return isinstance(container, Tuple) and len(container.items) == 1


def reachable_otherwise(held: Mapping[str, Value], name: str) -> bool:
    """Whether the layer of one attribute is also found in what another attribute holds."""
    value = held[name]
    if not isinstance(value, Instance):
        return any(each is value for other, each in held.items() if other != name)
    for other, each in held.items():
        if other == name:
            continue
        inside = [each] if isinstance(each, Instance) else [one for one in plain_contents(each) if isinstance(one, Instance)]
        if any(one.store is value.store for module in inside for one in descendants(module)):
            return True
    return False
