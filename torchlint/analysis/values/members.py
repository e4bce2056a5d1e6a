"""What the text of a class says of its members: who reads them, and names that are nearly torch's."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from torchlint.analysis.values.abstract import Class, Function, Instance, Library, OneOf
from torchlint.analysis.values.classes import find, is_module_type, lineage, linear_bases
from torchlint.syntax.index import below, walk
from torchlint.torch_api.lightning import STEPS
from torchlint.torch_api.operations import OF_ONE_OPERAND

Method = ast.FunctionDef | ast.AsyncFunctionDef

_PLAIN_BASES = frozenset({"torch.nn.Module", "torch.jit.ScriptModule", "builtins.object", "abc.ABC", "typing.Generic", "lightning.LightningModule"})
_PLAIN_METACLASSES = frozenset({"ABCMeta", "type"})


def methods(node: ast.ClassDef) -> Iterator[Method]:
    """The functions of a class's body."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            yield each


@lru_cache(maxsize=512)
def own_reads(node: ast.ClassDef) -> Mapping[str, frozenset[str]]:
    """The attributes that a class reads on its receiver, each with the names of the methods that do."""
    found: dict[str, set[str]] = {}
    for method in methods(node):
        if not method.args.args:
            continue
        receiver = method.args.args[0].arg
        for each in below(method, ast.Attribute):
            if isinstance(each.ctx, ast.Load) and isinstance(each.value, ast.Name) and each.value.id == receiver:
                found.setdefault(each.attr, set()).add(method.name)
    return {name: frozenset(readers) for name, readers in found.items()}


def attributes_called(cls: Class) -> frozenset[str]:
    """The attributes that a class, or a base of it, calls on self, or by which it reaches something that it calls."""
    return frozenset[str]().union(*(_own_calls(each.node) for each in linear_bases(cls) if isinstance(each, Class)))


@lru_cache(maxsize=4096)
def _own_calls(node: ast.ClassDef) -> frozenset[str]:
    found: set[str] = set()
    for each in below(node, ast.Call, ast.For, ast.comprehension):
        head: ast.expr | None = each.func if isinstance(each, ast.Call) else each.iter if isinstance(each, ast.For | ast.comprehension) else None
        while head is not None:
            if isinstance(head, ast.Attribute):
                found.add(head.attr)
            head = head.func if isinstance(head, ast.Call) else head.value if isinstance(head, ast.Attribute | ast.Subscript) else None
    return frozenset(found)


def readers(cls: Class, name: str) -> frozenset[str]:
    """The methods of a class and of its bases that read an attribute on self."""
    known = lineage(cls).readers
    if name not in known:
        known[name] = frozenset(method for base in linear_bases(cls) if isinstance(base, Class) for method in own_reads(base.node).get(name, ()))
    return known[name]


def may_have(module: Instance, name: str) -> bool:
    """Whether a module has an attribute, or its class in the program does or may; of plain nn.Module one cannot tell `trainable`."""
    if not isinstance(module.cls, Class):
        return name in module.store or (module.cls == "torch.nn.Module" and name == "trainable")
    return name in module.store or find(module.cls, name) is not None or find(module.cls, "__setattr__") is not None


def set_aside(cls: Class, name: str) -> bool:
    """Whether no method but `__init__` reads an attribute, and `forward` walks over no parts."""
    walks = any("forward" in readers(cls, each) for each in _DYNAMIC)
    return not walks and readers(cls, name) <= {"__init__"}


def readable_bases(cls: Class, layers: bool = False) -> bool:
    """Whether every base is code of the program or plain nn.Module, and nothing interferes with making instances.

    With `layers`, the base may be any class of torch.nn.
    """
    for base in linear_bases(cls):
        if isinstance(base, Class):
            if any(isinstance(each, OneOf) for each in base.bases) or "__new__" in base.namespace or "__getattr__" in base.namespace:
                return False
            for keyword in base.node.keywords:
                name = getattr(keyword.value, "id", getattr(keyword.value, "attr", ""))
                if keyword.arg != "metaclass" or name not in _PLAIN_METACLASSES:
                    return False
        elif not isinstance(base, Library) or not (base.name in _PLAIN_BASES or (layers and base.name.startswith("torch.nn."))):
            return False
    return True


def called_as_module(module: Instance) -> bool:
    """Whether calling a module is nn.Module's `__call__`: neither its class nor what stands before nn.Module gives that another meaning."""
    if "__call__" in module.store:
        return False
    for base in linear_bases(module.cls) if isinstance(module.cls, Class) else ():
        if not isinstance(base, Class):
            if not isinstance(base, Library) or not (base.name in _PLAIN_BASES or is_module_type(base.name)):
                return False
            continue
        own = base.namespace.get("__call__")
        if own is not None and not (isinstance(own, Function) and _hands_on(own.node)):
            return False
    return True


def _hands_on(node: ast.AST) -> bool:
    """Whether a `__call__` is there for its signature alone: `return super().__call__(x)`."""
    body = node.body if isinstance(node, ast.FunctionDef) else []
    body = body[1:] if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else body
    match body:
        case [ast.Return(value=ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__call__")))]:
            return True
    return False


def nearly(name: str, wanted: str) -> bool:
    """Whether a name is a misspelling: other case, or one or two letters swapped, lost, added or changed."""
    lower = name.lower()
    return name != wanted and (lower == wanted or distance(lower, wanted) <= (1 if len(wanted) < 6 else 2)) and lower[:1] == wanted[:1]


def distance(left: str, right: str) -> int:
    """The number of edits between two words, a swap of neighbours counted as one."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, older[j - 2] + 1)
            row.append(best)
    return row[-1]


def misspelt_forward(cls: Class) -> tuple[Class, Method] | None:
    """The method that was meant to be `forward`, and its class: of a name nearly that, or of that name inside `__init__`."""
    for base in linear_bases(cls):
        if not isinstance(base, Class):
            continue
        for method in methods(base.node):
            if nearly(method.name, "forward"):
                return base, method
            if method.name == "__init__":
                for inner in method.body:
                    if isinstance(inner, ast.FunctionDef) and inner.name == "forward":
                        return base, inner
    return None


@lru_cache(maxsize=512)
def attributes_read(module: ast.Module) -> frozenset[str]:
    """The names of all attributes that a file reads, of whatever."""
    return frozenset(each.attr for each in below(module, ast.Attribute))


def misspelt_init(cls: Class) -> Method | None:
    """A method that calls the base's `__init__` but is named `__int__`, `_init_` or `init`, in a class that has no `__init__`."""
    own = list(methods(cls.node))
    if any(method.name == "__init__" for method in own):
        return None
    for method in own:
        bare = method.name.strip("_")
        if (bare == "init" or nearly(bare, "init")) and any(map(calls_base_init, method.body)) and _assigns(method):
            return method
    return None


def _assigns(method: Method) -> bool:
    return any(isinstance(each.ctx, ast.Store) for each in below(method, ast.Attribute))


def calls_base_init(statement: ast.stmt) -> bool:
    """`super().__init__(...)`, `super(Net, self).__init__(...)` or `nn.Module.__init__(self)` as a statement."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"


def being_made(instance: Instance) -> bool:
    """Whether an instance comes of a call in the program (and not of a class looked at on its own)."""
    return instance.site is not None and isinstance(instance.site.node, ast.Call)


_DYNAMIC = frozenset({"children", "modules", "named_children", "named_modules", "_modules", "__dict__", "_parameters", "get_submodule"})
_APPLIED = ("forward", "__call__", *STEPS)
_MOVES = frozenset({"to", "cuda", "cpu", "type_as", "expand_as", "new_tensor"})
_LOOKS = frozenset({"shape", "device", "dtype", "size", "dim", "ndim", "numel", "item", "tolist"})


def reached_dynamically(cls: Class) -> bool:
    """Whether a class walks over its own parts, or reaches attributes by computed names."""
    for base in linear_bases(cls):
        if not isinstance(base, Class):
            continue
        if not _DYNAMIC.isdisjoint(own_reads(base.node)):
            return True
        for each in below(base.node, ast.Call):
            if isinstance(each.func, ast.Name) and each.func.id in ("getattr", "vars", "eval", "exec"):
                return True
    return False


@lru_cache(maxsize=512)
def parts_used(module: ast.Module) -> frozenset[str]:
    """The attributes that a file uses: read on `self`, or on something else as a whole (`net.head(x)`, not `net.head.weight`)."""
    looked_into = {id(each.value) for each in below(module, ast.Attribute)}
    found = set()
    for each in below(module, ast.Attribute):
        if isinstance(each.ctx, ast.Load):
            own = isinstance(each.value, ast.Name) and each.value.id == "self"
            if own or id(each) not in looked_into:
                found.add(each.attr)
    return frozenset(found)


def used_where_it_is(cls: Class, name: str) -> bool:
    """Whether `forward`, or what it calls on self, uses an attribute and nothing moves or replaces it."""
    used = False
    reached = _reached(cls)
    for base in linear_bases(cls):
        if not isinstance(base, Class):
            continue
        if "_apply" in base.namespace:
            return False
        for method in methods(base.node):
            outer = _chained(method)
            copied = _copied_into(method)
            for each in _mentions(method, name):
                taken = list(_taken(each, outer))
                stored = isinstance(each.ctx, ast.Store)
                if not _MOVES.isdisjoint(taken) or _moved_later(method, each, outer) or (stored and method.name != "__init__" and method.name in reached):
                    return False
                used = used or (method.name in reached and not stored and _LOOKS.isdisjoint(taken[:1]) and id(each) not in copied)
    return used


def managed(cls: Class, name: str) -> bool:
    """Whether a class takes care of an attribute itself: no forward reads it, or it is written again once the module is made."""
    if readers(cls, name).isdisjoint(_reached(cls, *_APPLIED)):
        return True
    making = _reached(cls, "__init__")
    written = {method.name for base in linear_bases(cls) if isinstance(base, Class) for method in methods(base.node) if _writes(method, name)}
    return not written <= making


def _writes(method: Method, name: str) -> bool:
    """Whether a method assigns an attribute on self, or a part of it, or changes that in place."""
    outer = _chained(method)
    for each in _mentions(method, name):
        node: ast.expr | None = each
        while node is not None:
            if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
                return True
            if isinstance(node, ast.Attribute) and node.attr.endswith("_") and not node.attr.endswith("__") and node.attr != "requires_grad_":
                return True
            node = outer.get(id(node))
    return False


def grad_read(module: ast.Module, name: str) -> bool:
    """Whether a file reads the gradient of an attribute of that name, or asks for it: `net.delta.grad`, `autograd.grad(loss, net.delta)`."""
    for each in below(module, ast.Attribute, ast.Call):
        if isinstance(each, ast.Attribute) and each.attr == "grad" and isinstance(each.value, ast.Attribute) and each.value.attr == name:
            return True
        asked = each.args if isinstance(each, ast.Call) and getattr(each.func, "attr", getattr(each.func, "id", "")) == "grad" else ()
        if any(isinstance(inner, ast.Attribute) and inner.attr == name for argument in asked for inner in walk(argument)):
            return True
    return False


@lru_cache(maxsize=512)
def _copied_into(method: Method) -> frozenset[int]:
    """The expressions whose values are written into a part of a tensor, from whatever device they are on."""
    return frozenset(id(each.value) for each in below(method, ast.Assign) if all(map(_part_of_tensor, each.targets)))


def _part_of_tensor(target: ast.expr) -> bool:
    named = isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str)
    return isinstance(target, ast.Subscript) and not named


def _moved_later(method: Method, mention: ast.expr, outer: Mapping[int, ast.expr]) -> bool:
    """Whether a variable that is made of an attribute is moved in the same method."""
    made = {
        target.id
        for each in below(method, ast.Assign)
        if any(inner is mention for inner in walk(each.value))
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    return bool(made) and any(each.id in made and not _MOVES.isdisjoint(_taken(each, outer)) for each in below(method, ast.Name))


def _mentions(method: Method, name: str) -> Iterator[ast.Attribute]:
    for each in below(method, ast.Attribute):
        if each.attr == name and isinstance(each.value, ast.Name) and each.value.id == "self":
            yield each


@lru_cache(maxsize=512)
def _chained(method: ast.AST) -> Mapping[int, ast.expr]:
    """Each expression that an attribute, call, subscript or function of one tensor is taken of, with that one: `x.a`, of `x`."""
    found: dict[int, ast.expr] = {}
    for each in below(method, ast.Attribute, ast.Subscript, ast.Call):
        if isinstance(each, ast.Call) and each.args and isinstance(each.func, ast.Attribute) and each.func.attr in OF_ONE_OPERAND:
            found[id(each.args[0])] = each
        match each:
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Call(func=inner):
                found[id(inner)] = each
    return found


def _taken(node: ast.expr, outer: Mapping[int, ast.expr]) -> Iterator[str]:
    """The names in the chain that begins with an expression: "detach", "to" of `x.detach()[0].to(device)`."""
    while (chained := outer.get(id(node))) is not None:
        if isinstance(chained, ast.Attribute):
            yield chained.attr
        node = chained


def _reached(cls: Class, *roots: str) -> set[str]:
    """The names of methods (`forward`, where none are named) and of those that they call on self, at any distance."""
    calls: dict[str, set[str]] = {}
    for base in linear_bases(cls):
        for name, readers_ in own_reads(base.node).items() if isinstance(base, Class) else ():
            for reader in readers_:
                calls.setdefault(reader, set()).add(name)
    pending = list(roots or ("forward",))
    found = set(pending)
    while pending:
        for name in calls.get(pending.pop(), ()):
            if name not in found:
                found.add(name)
                pending.append(name)
    return found
