"""Questions of kind, over abstract values: `isinstance`, `type`, `callable`."""

from __future__ import annotations

from collections import abc

from torchlint.analysis.library.handlers import LibraryCall, handles
from torchlint.analysis.values.abstract import (
    FALSE,
    TRUE,
    UNKNOWN,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Library,
    List,
    Method,
    Partial,
    Tensor,
    Tuple,
    Value,
    each_of,
)
from torchlint.analysis.values.classes import is_module, library_bases, linear_bases, opaque_base
from torchlint.analysis.values.inspection import known_items
from torchlint.torch_api.binding import is_public
from torchlint.torch_api.layers import derives
from torchlint.torch_api.operations import TENSOR_ATTRIBUTES

_NO_TENSORS = frozenset({"numpy.ndarray", "torch.Size", "torch.nn.Module", "torch.nn.utils.rnn.PackedSequence"})
# Packages none of whose classes a tensor is of.
_NO_TENSORS_IN = ("builtins.", "numbers.", "numpy.", "PIL.", "pandas.")
# Abstract classes that no tensor and no module of torch.nn belongs to: nothing joins these by its methods alone.
_COLLECTIONS = frozenset({"Mapping", "MutableMapping", "Sequence", "MutableSequence", "Set", "MutableSet"})


@handles("builtins.isinstance")
def _isinstance(call: LibraryCall) -> Value:
    if len(call.positional) != 2:
        return UNKNOWN
    value, cls = call.positional
    kinds = known_items(cls) if isinstance(cls, Tuple) else (cls,)
    values = each_of(value)
    verdicts = [_agreed([_is_instance(each, kind) for each in values]) for kind in kinds or ()]
    if True in verdicts:
        return TRUE
    return FALSE if verdicts and all(each is False for each in verdicts) else UNKNOWN


@handles("torch.is_tensor")
def _is_tensor(call: LibraryCall) -> Value:
    return _isinstance(call.given((call.argument(0, "obj") or UNKNOWN, Library("torch.Tensor"))))


@handles("builtins.hasattr")
def _hasattr(call: LibraryCall) -> Value:
    """What all tensors have: of other things it depends on their class."""
    value, name = call.positional if len(call.positional) == 2 else (UNKNOWN, UNKNOWN)
    known = isinstance(name, Const) and (name.value in TENSOR_ATTRIBUTES or is_public(f"torch.Tensor.{name.value}"))
    return TRUE if known and all(isinstance(each, Tensor) for each in each_of(value)) else UNKNOWN


@handles("builtins.type")
def _type(call: LibraryCall) -> Value:
    value = call.positional[0] if len(call.positional) == 1 else UNKNOWN
    if isinstance(value, Instance):
        return value.cls if isinstance(value.cls, Class) else Library(value.cls)
    if isinstance(value, Tensor) and not value.parameter:
        return Library("torch.Tensor")
    return UNKNOWN


@handles("builtins.callable")
def _callable(call: LibraryCall) -> Value:
    return TRUE if call.positional and isinstance(call.positional[0], Function | Method | Class | Partial) else UNKNOWN


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
                if value.library_name and derives(value.library_name.rpartition(".")[2], last):
                    return True
                return None if last.startswith("_") or last in ("object", "Module") else False
            return None
        case Tensor(), Library():
            if kind.name in ("torch.Tensor", "torch.autograd.Variable"):
                return True
            return False if kind.name.startswith(_NO_TENSORS_IN) or kind.name in _NO_TENSORS else None
        case (Const() | Tuple() | Dict(), Library(name="torch.Tensor" | "torch.nn.Parameter" | "torch.nn.Module")):
            return False
        case Const(), Library() if kind.name.startswith("builtins."):
            python = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict}.get(kind.name[9:])
            return None if python is None else isinstance(value.value, python)
        case List(), Library(name="builtins.tuple") if known_items(value) is None:
            # A tuple of unknown length is held as such a list.
            return None
        case List(), Library() if kind.name.startswith("builtins."):
            return None if kind.name[9:] in ("list", "set", "object") else False
        case Tuple(), Library() if kind.name.startswith("builtins."):
            return True if kind.name == "builtins.tuple" else None if kind.name == "builtins.object" else False
        case Dict(), Library() if kind.name.startswith("builtins."):
            return True if kind.name == "builtins.dict" else None if kind.name == "builtins.object" else False
    return None


def _agreed(verdicts: list[bool | None]) -> bool | None:
    """What all verdicts say; None where they differ."""
    return verdicts[0] if all(each is verdicts[0] for each in verdicts) else None
