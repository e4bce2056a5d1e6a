"""Tuples whose items have names: `namedtuple` and `typing.NamedTuple`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from torchlint.analysis.values.abstract import UNKNOWN, Class, Const, Library, RecordType, Tuple, Value
from torchlint.analysis.values.classes import linear_bases
from torchlint.analysis.values.inspection import known_items


def record_type(positional: Sequence[Value], keywords: Mapping[str, Value]) -> RecordType | None:
    """What `namedtuple(typename, field_names, defaults=…)` makes; None where the names are not known."""
    given = dict(zip(("typename", "field_names"), positional, strict=False)) | dict(keywords)
    named, defaults = given.get("field_names", UNKNOWN), known_items(given["defaults"]) if "defaults" in given else ()
    if isinstance(named, Const) and isinstance(named.value, str):
        fields = tuple(named.value.replace(",", " ").split())
    else:
        names = known_items(named) or ()
        fields = tuple(each.value for each in names if isinstance(each, Const) and isinstance(each.value, str))
        if len(fields) < len(names):
            return None
    if not fields or defaults is None or len(defaults) > len(fields) or "rename" in given:
        return None
    return RecordType(fields, dict(zip(fields[len(fields) - len(defaults) :], defaults, strict=True)))


def record_type_of(cls: Class) -> RecordType | None:
    """The record that the instances of a class are, if they are one."""
    for base in linear_bases(cls):
        if isinstance(base, RecordType):
            return base
        if isinstance(base, Class) and Library("typing.NamedTuple") in base.bases:
            fields = [each.target.id for each in base.node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
            held = {name: base.namespace.get(name) for name in fields}
            return RecordType(tuple(fields), {name: value for name, value in held.items() if isinstance(value, Value)})
    return None


def record(made: RecordType, positional: Sequence[Value] | None, keywords: Mapping[str, Value]) -> Tuple:
    """A record with these items; None stands for arguments that are not known."""
    defaults = {} if positional is None else made.defaults
    given = {**defaults, **dict(zip(made.fields, positional or (), strict=False)), **keywords}
    return Tuple(tuple(given.get(name, UNKNOWN) for name in made.fields), fields=made.fields)
