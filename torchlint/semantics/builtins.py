"""Python's own functions and standard containers, over abstract values."""

from __future__ import annotations

import ast
from collections import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchlint.semantics.checkpoints import is_state
from torchlint.semantics.classes import (
    find,
    is_module,
    library_bases,
    linear_bases,
    opaque_base,
)
from torchlint.semantics.containers import Containers
from torchlint.semantics.holding import held_in
from torchlint.semantics.inspection import counted, element_of, known_items, uncounted
from torchlint.semantics.join import join_all
from torchlint.semantics.records import record_type
from torchlint.semantics.shape_bridge import dim_value
from torchlint.semantics.values import (
    FALSE,
    LAST,
    NONE,
    TRUE,
    UNKNOWN,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Iteration,
    Library,
    List,
    Method,
    OneOf,
    Partial,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)

_ROUNDS = 64


class Builtins(Containers):
    """Calls of Python's builtins, and of the few modules of its library that values go through."""

    def loader_method(
        self, instance: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value | None:
        raise NotImplementedError

    def _builtin(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        handler: Callable[..., Value] | None = getattr(self, f"_builtin_{name}", None)
        if handler is not None:
            return handler(positional, keywords, node)
        if name in ("exit", "quit"):
            return UNKNOWN
        if name in ("int", "float", "bool", "str") and len(positional) == 1:
            return self._convert(name, positional[0], node)
        if name in ("Exception", "object"):
            return Unknown(self.site(node))
        if name == "print":
            return NONE
        return Unknown(self.site(node), name, positional[0] if positional else None)

    def _convert(self, name: str, value: Value, node: ast.AST) -> Value:
        if name == "int" and isinstance(value, Size):
            return value
        if not isinstance(value, Const):
            self.ends(value, node)
            return Unknown(self.site(node), name, value)
        try:
            return Const({"int": int, "float": float, "bool": bool, "str": str}[name](value.value))
        except (TypeError, ValueError, OverflowError):
            return UNKNOWN

    def _builtin_len(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        value = positional[0] if positional else UNKNOWN
        items = known_items(value)
        if items is not None and not isinstance(value, Const):
            return Const(len(items))
        if isinstance(value, Tensor) and value.shape:
            return dim_value(value.shape[0])
        return Unknown(self.site(node), "len", value)

    def _builtin_range(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if all(isinstance(each, Const) and isinstance(each.value, int) for each in positional) and positional:
            numbers = [each.value for each in positional if isinstance(each, Const)]
            try:
                span = range(*numbers)
            except (TypeError, ValueError):
                return Iteration(UNKNOWN)
            if len(span) <= _ROUNDS:
                return Tuple(tuple(map(Const, span)))
        return Iteration(UNKNOWN, counted(positional))

    def _builtin_enumerate(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        source = positional[0] if positional else UNKNOWN
        items = known_items(source)
        start = positional[1] if len(positional) > 1 else keywords.get("start", Const(0))
        if items is not None and isinstance(start, Const) and isinstance(start.value, int):
            return Tuple(tuple(Tuple((Const(index), item)) for index, item in enumerate(items, start.value)))
        origin = _origin(source)
        return Iteration(Tuple((Unknown(None, "<index>", origin), self.iterated(source, node))), origin)

    def iterated(self, value: Value, node: ast.AST) -> Value:
        """An element of what a loop goes over."""
        if isinstance(value, Instance):
            loaded = self.loader_method(value, "__iter__", (), {}, node)
            if loaded is not None:
                return element_of(loaded)
            if isinstance(value.cls, Class):
                own = find(value.cls, "__iter__")
                if isinstance(own, Function):
                    return element_of(self.run_function(own, value, (), {}, node))
        if isinstance(value, Tensor):
            shape = value.shape[1:] if value.shape else None
            return replace(value, shape=shape, tail=None, op="getitem", inputs=(value,), leaf=True if value.requires_grad is False else None, storages=storages_of(value))
        element = element_of(value)
        return Unknown(self.site(node), "<element>", value) if element is UNKNOWN else element

    def _builtin_zip(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        known = [known_items(value) for value in positional]
        if known and all(items is not None for items in known):
            return Tuple(tuple(Tuple(row) for row in zip(*(items or () for items in known), strict=False)))
        return Iteration(Tuple(tuple(self.iterated(value, node) for value in positional)), _origin(positional[0]) if positional else None)

    def _itertools_chain(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        known = [known_items(value) for value in positional]
        if all(items is not None for items in known):
            return Tuple(tuple(item for items in known for item in items or ()))
        return Iteration(join_all([self.iterated(value, node) for value in positional]))

    def _itertools_chain_from_iterable(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        parts = known_items(positional[0]) if positional else None
        return self._itertools_chain(parts, {}, node) if parts is not None else UNKNOWN

    def _builtin_list(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if not positional:
            return List({"items": (), LAST: UNKNOWN}, self.site(node))
        items = known_items(positional[0])
        self._drawn_from(positional[0])
        return List({"items": items, "element": self.iterated(positional[0], node) if items is None else UNKNOWN}, self.site(node))

    _builtin_set = _builtin_list

    def _builtin_sorted(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        items = known_items(positional[0]) if positional else None
        numbers = [each for each in items or () if isinstance(each, Const) and isinstance(each.value, int | float)]
        if items is not None and len(numbers) == len(items) and not keywords:
            return List({"items": tuple(sorted(numbers, key=lambda each: each.value)), "element": UNKNOWN}, self.site(node))
        # The order is not known, and with it no single element.
        held = join_all(list(items)) if items else self.iterated(positional[0], node) if positional else UNKNOWN
        return List({"items": None, "element": held}, self.site(node))

    def _builtin_reversed(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        items = known_items(positional[0]) if positional else None
        return Tuple(items[::-1]) if items is not None else Iteration(element_of(positional[0]) if positional else UNKNOWN)

    def _builtin_tuple(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        items = known_items(positional[0]) if positional else ()
        return Tuple(items) if items is not None else Iteration(self.iterated(positional[0], node))

    def _builtin_dict(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        entries: Any = {}
        element: Value = UNKNOWN
        if positional:
            given = positional[0]
            if is_state(given):
                return given
            if isinstance(given, Dict):
                entries, element = given.store.get("entries"), given.store.get("element", UNKNOWN)
            else:
                pairs = known_items(given)
                keyed = pairs is not None and all(isinstance(p, Tuple) and len(p.items) == 2 and isinstance(p.items[0], Const) for p in pairs)
                entries = {p.items[0].value: p.items[1] for p in pairs} if keyed and pairs is not None else None  # type: ignore[attr-defined]
                pair = element_of(given)
                element = pair.items[1] if isinstance(pair, Tuple) and len(pair.items) == 2 else UNKNOWN
        merged = None if entries is None else {**entries, **keywords}
        return Dict({"entries": merged, "element": element if merged is None else UNKNOWN}, self.site(node))

    def _typing_cast(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return positional[1] if len(positional) == 2 else keywords.get("val", UNKNOWN)

    def _collections_OrderedDict(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self._builtin_dict(positional, keywords, node)

    def _collections_defaultdict(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return Dict({"entries": None, "element": UNKNOWN}, self.site(node))

    def _collections_deque(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return List({"items": None, "element": UNKNOWN}, self.site(node))

    def _collections_namedtuple(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return record_type(positional, keywords) or UNKNOWN

    def _functools_partial(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return Partial(positional[0], tuple(positional[1:]), dict(keywords)) if positional else UNKNOWN

    def _functools_wraps(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return Library("torchlint.identity")

    def _torchlint_identity(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return positional[0] if positional else UNKNOWN

    def _copy_deepcopy(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self._copied(positional[0], node, 0) if positional else UNKNOWN

    def _copy_copy(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return positional[0] if positional and is_state(positional[0]) else self._copy_deepcopy(positional, keywords, node)

    def _copied(self, value: Value, node: ast.AST, depth: int) -> Value:
        if depth > 12:
            return UNKNOWN
        match value:
            case Instance():
                store = {key: self._copied_slot(held, node, depth) for key, held in value.store.items()}
                return replace(value, store=type(value.store)(store, **{"<copied>": TRUE}), site=value.site)
            case List() | Dict():
                store = {key: self._copied_slot(held, node, depth) for key, held in value.store.items()}
                return replace(value, store=store)
            case Tensor():
                return replace(value, op="deepcopy", inputs=(value,))
        return value

    def _copied_slot(self, held: Any, node: ast.AST, depth: int) -> Any:
        if isinstance(held, Value):
            return self._copied(held, node, depth + 1)
        if isinstance(held, tuple):
            return tuple(self._copied_slot(each, node, depth + 1) for each in held)
        if isinstance(held, dict):
            return {key: self._copied_slot(each, node, depth + 1) for key, each in held.items()}
        return held

    def _builtin_isinstance(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if len(positional) != 2:
            return UNKNOWN
        value, cls = positional
        kinds = known_items(cls) if isinstance(cls, Tuple) else (cls,)
        values = value.alternatives if isinstance(value, OneOf) else (value,)
        verdicts = [_agreed([_is_instance(each, kind) for each in values]) for kind in kinds or ()]
        if True in verdicts:
            return TRUE
        return FALSE if verdicts and all(each is False for each in verdicts) else UNKNOWN

    def _builtin_getattr(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if len(positional) >= 2 and isinstance(positional[1], Const) and isinstance(positional[1].value, str):
            value = positional[0]
            if isinstance(value, Instance) and positional[1].value not in value.store and len(positional) == 3:
                return Unknown(self.site(node))
            return self.attribute(value, positional[1].value, node)
        return Unknown(self.site(node), "getattr", positional[0] if positional else None)

    def _builtin_setattr(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if len(positional) == 3:
            if isinstance(positional[1], Const) and isinstance(positional[1].value, str):
                self.set_attribute(positional[0], positional[1].value, positional[2], node)
            elif isinstance(positional[0], Instance):
                self.trail.set(positional[0].store, "<setattr>", TRUE)
        return NONE

    def _builtin_hasattr(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return UNKNOWN

    def _builtin_next(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        for each in positional[:1]:
            self._drawn_from(each)
        return self.iterated(positional[0], node) if positional else UNKNOWN

    def _drawn_from(self, value: Value) -> None:
        """Batches are taken out of a loader one by one, for a look."""
        source = _origin(value)
        if isinstance(source, Instance) and source.cls == "torch.utils.data.DataLoader":
            self.trail.set(source.store, "<drawn>", TRUE)

    def _builtin_iter(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        value = positional[0] if positional else UNKNOWN
        return value if isinstance(value, Iteration) else Iteration(self.iterated(value, node), _origin(value))

    def _builtin_map(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if len(positional) < 2:
            return UNKNOWN
        items = known_items(positional[1])
        if items is not None and len(positional) == 2:
            return Tuple(tuple(self.call(positional[0], (item,), {}, node) for item in items[:_ROUNDS]))
        return Iteration(self.call(positional[0], tuple(self.iterated(value, node) for value in positional[1:]), {}, node))

    def _builtin_filter(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return Iteration(element_of(positional[1]), _origin(positional[1])) if len(positional) == 2 else UNKNOWN

    def _builtin_sum(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        element = element_of(positional[0]) if positional else UNKNOWN
        if isinstance(element, List):
            return List(uncounted(held_in(positional[0])), self.site(node))
        if not isinstance(element, Tensor):
            return Unknown(self.site(node), "sum", positional[0] if positional else element)
        result = self.operate("torch.add", (element, element), {}, node, quiet=True)
        return replace(result, inputs=(positional[0],)) if isinstance(result, Tensor) else result

    def _builtin_type(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        value = positional[0] if len(positional) == 1 else UNKNOWN
        if isinstance(value, Instance):
            return value.cls if isinstance(value.cls, Class) else Library(value.cls)
        return UNKNOWN

    def _builtin_callable(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return TRUE if positional and isinstance(positional[0], Function | Method | Class | Partial) else UNKNOWN

    def _builtin_max(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self._extreme(max, positional, node)

    def _builtin_min(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self._extreme(min, positional, node)

    def _extreme(self, choose: Callable[[list[Any]], Any], positional: Sequence[Value], node: ast.AST) -> Value:
        items = known_items(positional[0]) if len(positional) == 1 else tuple(positional)
        if items and all(isinstance(item, Const) and isinstance(item.value, int | float) for item in items):
            return Const(choose([item.value for item in items if isinstance(item, Const)]))
        return Unknown(self.site(node))


_NO_TENSORS = frozenset({"numpy.ndarray", "torch.Size", "torch.nn.Module", "torch.nn.utils.rnn.PackedSequence"})


# Abstract classes that no tensor and no module of torch.nn belongs to: nothing joins these by its methods alone.
_COLLECTIONS = frozenset({"Mapping", "MutableMapping", "Sequence", "MutableSequence", "Set", "MutableSet"})


def _is_collection(value: Value, name: str) -> bool | None:
    """Whether a value is an instance of a class of `collections.abc`."""
    match value:
        case Tensor():
            return False
        case Instance() if is_module(value):
            return None if isinstance(value.cls, Class) and opaque_base(value.cls) else False
        case Const():
            return issubclass(type(value.value), getattr(abc, name))
        case Tuple() | Dict() | List():
            python = {Tuple: (tuple,), Dict: (dict,), List: (list, set)}[type(value)]
            return _agreed([issubclass(each, getattr(abc, name)) for each in python])
    return None


def _is_plain_module(value: Instance) -> bool:
    """Whether all bases of a module are known: it is a layer of torch.nn, or of a class of the program that derives from nn.Module alone."""
    if isinstance(value.cls, str):
        return value.cls.startswith("torch.nn.") and value.cls != "torch.nn.Module"
    return not opaque_base(value.cls) and set(library_bases(value.cls)) == {"torch.nn.Module"}


def _is_instance(value: Value, kind: Value) -> bool | None:
    if isinstance(kind, Library) and (named := kind.name.rpartition("."))[0] in ("collections.abc", "collections", "typing") and named[2] in _COLLECTIONS:
        return _is_collection(value, named[2])
    match value, kind:
        case Instance(), Library(name="torch.nn.Parameter" | "torch.nn.parameter.Parameter" | "torch.Tensor") if is_module(value):
            return False
        case Instance(), Class() if isinstance(value.cls, Class):
            if any(base is kind or (isinstance(base, Class) and base.node is kind.node) for base in linear_bases(value.cls)):
                return True
            return None if opaque_base(value.cls) else False
        case Instance(), Library():
            if value.library_name == kind.name or (kind.name == "torch.nn.Module" and is_module(value)):
                return True
            if isinstance(value.cls, Class) and kind.name in library_bases(value.cls):
                return True
            if _is_plain_module(value) and kind.name.startswith(("torch.nn.", "builtins.")):
                last = kind.name.rpartition(".")[2]
                return None if last.startswith("_") or last in ("object", "Module") else False
            return None
        case Tensor(), Library():
            if kind.name in ("torch.Tensor", "torch.autograd.Variable"):
                return True
            return False if kind.name.startswith("builtins.") or kind.name in _NO_TENSORS else None
        case Const(), Library() if kind.name.startswith("builtins."):
            python = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict}.get(kind.name[9:])
            return None if python is None else isinstance(value.value, python)
        case List(), Library() if kind.name.startswith("builtins."):
            return None if kind.name[9:] in ("list", "set", "object") else False
        case Tuple(), Library() if kind.name.startswith("builtins."):
            return True if kind.name == "builtins.tuple" else None if kind.name == "builtins.object" else False
        case Dict(), Library() if kind.name.startswith("builtins."):
            return True if kind.name == "builtins.dict" else None if kind.name == "builtins.object" else False
    return None


def _origin(value: Value) -> Value:
    return value.source if isinstance(value, Iteration) and value.source is not None else value


def _agreed(verdicts: list[bool | None]) -> bool | None:
    """What all verdicts say; None where they differ."""
    return verdicts[0] if all(each is verdicts[0] for each in verdicts) else None
