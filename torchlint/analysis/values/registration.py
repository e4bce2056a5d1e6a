"""What a module registers: its attributes, what containers hold, and what only plain lists hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torchlint.analysis.values.abstract import (
    Class,
    Dict,
    Instance,
    Iteration,
    List,
    Tensor,
    Tuple,
    Value,
    each_of,
)
from torchlint.analysis.values.building import weighted
from torchlint.analysis.values.classes import children, descendants, find, is_module
from torchlint.analysis.values.contents import held_in
from torchlint.analysis.values.store import COPIED, ENTRIES, ESCAPED, ITEMS, SEEN, SET_BY_NAME


def registers(value: Value) -> bool:
    """Whether assigning this to a module's attribute registers it, which needs Module.__init__ to have run."""
    return is_module(value) or (isinstance(value, Tensor) and value.parameter and value.op == "parameter")


def registered_otherwise(module: Instance) -> bool:
    """Whether a module registers something under a name that is not known, or lists its parameters itself."""
    if SET_BY_NAME in module.store:
        return True
    return isinstance(module.cls, Class) and any(find(module.cls, name) is not None for name in ("parameters", "named_parameters"))


def plain_contents(value: Value, depth: int = 3) -> Iterator[Value]:
    """What a list, tuple, dict or iterator holds or may hold, inner ones opened."""
    if depth < 0:
        return
    for each in held_in(value) if isinstance(value, List | Dict | Tuple | Iteration) else ():
        for one in each_of(each):
            if isinstance(one, List | Dict | Tuple | Iteration):
                yield from plain_contents(one, depth - 1)
            else:
                yield one


def unregistered(module: Instance, container: Value) -> list[Value]:
    """The layers with weights, and the parameters, in a plain container of which the module knows nothing.

    What code that is not read was given may be registered there.
    """
    held = [each for each in plain_contents(container) if _has_weights(each)]
    if not held or registered_otherwise(module) or (isinstance(container, List | Dict) and ESCAPED in container.store):
        return []
    own = list(descendants(module))
    known = {id(each.store) for each in own}
    # A copy of a registered layer is kept apart on purpose: a target, an old policy.
    sources = {each.site.key for each in own if each.site is not None}
    held = [each for each in held if not (isinstance(each, Instance) and COPIED in each.store and each.site is not None and each.site.key in sources)]
    parameters = [each for each in _parameters(module) if isinstance(each, Tensor)]
    return [each for each in held if not _known(each, known, parameters)]


def _known(value: Value, modules: set[int], parameters: list[Tensor]) -> bool:
    if isinstance(value, Instance):
        return id(value.store) in modules
    # A parameter is another value once it was moved or filled; of one that came from two places it is not known whose it is.
    made = value.site if isinstance(value, Tensor) else None
    return made is None or any(value is each or made.same(each.site) for each in parameters)


def _parameters(module: Instance) -> Iterator[Value]:
    for each in descendants(module):
        items, entries = each.store.get(ITEMS), each.store.get(ENTRIES)
        yield from (held for held in each.store.values() if isinstance(held, Tensor))
        yield from items if isinstance(items, tuple) else ()
        yield from entries.values() if isinstance(entries, dict) else ()
        yield from each.store.get(SEEN, ())


def _has_weights(value: Value) -> bool:
    if isinstance(value, Tensor):
        # What `parameters()` gave has a module that knows it.
        return value.parameter and value.op == "parameter" and value.model is None
    return isinstance(value, Instance) and is_module(value) and any(map(weighted, descendants(value)))


def named_children(module: Instance) -> dict[str, Instance]:
    """The sub-modules of a module by attribute name."""
    return dict(children(module))


def known_one(container: Value) -> bool:
    """Whether a container is known to hold a single thing, written as such: `[module]` hides one on purpose."""
    if isinstance(container, List):
        items = None if container.store.get(SEEN) else container.store.get(ITEMS)
    else:
        items = container.items if isinstance(container, Tuple) else None
    return items is not None and len(items) == 1 and not isinstance(items[0], List | Dict | Tuple)


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
