"""The abstract values: what the interpreter knows of each thing that a program handles.

Every value is immutable but for the stores of lists, dicts and instances, which only the trail
writes. `None` in a field means "not known"; a fact that is known to be absent says so.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import Store
from torchlint.analysis.values.trail import Delta
from torchlint.syntax.tree import Tree
from torchlint.torch_api.dims import Shape


@immutable
class Value:
    """Anything that a name can be bound to."""


@immutable
class Unknown(Value):
    """Something of which nothing is known but, at times, which call or attribute it came from.

    `grad` says of a model's output whether gradients were on where it was computed.
    """

    site: Site | None = None
    method: str | None = None
    receiver: Value | None = None
    grad: bool | None = None


UNKNOWN = Unknown()
# The keyword under which a call passes more arguments whose names are not known: `f(x, **options)`.
MORE = "**"
# The method of what a `with` binds of which nothing is known.
ENTERED = "<entered>"


def from_data(value: Value | None) -> bool:
    """Whether something unknown is (part of) what a loop goes over: a batch of a loader."""
    while isinstance(value, Unknown) and value.method is not None:
        if value.method == "<element>":
            return True
        if value.method not in _KEEPS_DATA and not value.method.startswith("<part"):
            return False
        value = value.receiver
    return False


_KEEPS_DATA = frozenset({"to", "cuda", "cpu", "float", "long", "view", "reshape", "squeeze", "unsqueeze", "<item>", "<entry>"})


@immutable
class Const(Value):
    """An int, float, complex, str, bytes, bool, None or Ellipsis that is known."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


NONE = Const(None)
TRUE = Const(True)
FALSE = Const(False)


@immutable
class Size(Value):
    """An int that is known as an expression of named unknowns (`x.shape[0]` is `B`)."""

    dim: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and bool(self.dim == other.dim)

    def __hash__(self) -> int:
        return hash(self.dim)


@dataclass(frozen=True, slots=True)
class Activation:
    """What was applied last to a tensor: "softmax", "sigmoid", "linear" (a layer's raw output) …

    `dim` is the dimension it was applied along, where that is known; `site` where that happened.
    `layer` is the module that applied it, if it was one, and `maker` where that was built; `clamped`
    whether the values were cut to a range since. The kind "one of" is that of a model's output where
    the program picks one of several models: `among` are the possible activations, `choice` what the pick reads.
    """

    kind: str
    dim: int | None = None
    site: Site | None = field(default=None, compare=False)
    maker: Site | None = field(default=None, compare=False)
    clamped: bool = False
    layer: Value | None = field(default=None, compare=False)
    among: tuple[Activation, ...] = ()
    choice: frozenset[str] = frozenset()


@immutable
class Tensor(Value):
    """A torch.Tensor (or a Parameter).

    `op` names the operation that made it and `inputs` what that took. `storages` are the tensors whose
    memory it may share (none stand for its own): a view's base, or either side of a join. Where the rank is
    unknown, `tail` are the last dims, as far as they are known. `layer` is the layer of torch.nn that made it.
    """

    shape: Shape = None
    tail: Shape = None
    dtype: str | None = None
    requires_grad: bool | None = None
    leaf: bool | None = None
    device: str | None = None
    activation: Activation | None = None
    site: Site | None = None
    op: str | None = None
    inputs: tuple[Value, ...] = ()
    model: Value | None = None
    role: str | None = None
    layout: str | None = None
    scale: str | None = None
    parameter: bool = False
    storages: frozenset[Tensor] = frozenset()
    layer: Value | None = None


def storages_of(tensor: Tensor) -> frozenset[Tensor]:
    """What tensors have in common that may be views of one another, or the same."""
    return tensor.storages or frozenset((tensor,))


@immutable
class Array(Value):
    """A NumPy array or a PIL image (`kind` "ndarray" or "PIL"); `source` is the tensor whose numbers it has, if any."""

    kind: str = "ndarray"
    shape: Shape = None
    dtype: str | None = None
    scale: str | None = None
    layout: str | None = None
    site: Site | None = None
    source: Value | None = None


@immutable
class Tuple(Value):
    """A tuple whose elements are known one by one; `shape_of` is the tensor whose shape it is, `fields` a record's names."""

    items: tuple[Value, ...]
    shape_of: Tensor | None = None
    fields: tuple[str, ...] = ()


class Range(Tuple):
    """`lower:upper:step` in a subscript."""

    __slots__ = ()


@immutable
class ShapeOf(Value):
    """`x.shape` or `x.size()` of a tensor of unknown rank."""

    tensor: Value


@immutable
class List(Value):
    """A list or a set: `store[ITEMS]` is a tuple of values, or None where the count is unknown;
    `store[ELEMENT]` then is the join of what it holds, and `store[LAST]` its last element, if that is known."""

    store: Store
    site: Site | None = None


@immutable
class Dict(Value):
    """A dict: `store[ENTRIES]` maps constant keys to values, or is None; `store[ELEMENT]` as for List."""

    store: Store
    site: Site | None = None


@immutable
class Iteration(Value):
    """An iterable of which only the elements are known, not their number.

    `source` is what is gone through in the end (the loader inside `enumerate(tqdm(loader))`). For a
    generator of the program, `grad` tells whether gradients were on where it yields.
    """

    element: Value
    source: Value | None = None
    grad: bool | None = True


@immutable
class Library(Value):
    """Something of a package that is not read: its public qualified name ("torch.nn.Conv2d")."""

    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Library) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


@immutable
class ProjectFile(Value):
    """A module of the program itself; its globals are found under its path."""

    path: str


@immutable
class Function(Value):
    """A function of the program: its definition, the scopes around it, its class if it is a method."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    path: str
    scopes: tuple[Store, ...]
    defaults: Mapping[str, Value]
    owner: Class | None = None
    decorators: tuple[Value, ...] = ()

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "<lambda>")


@immutable
class Lineage:
    """A class and its bases in the order of look-up, and the names of those that are classes of packages."""

    order: tuple[Value, ...]
    libraries: tuple[str, ...]
    is_module: bool
    # The methods that read an attribute on self, by the attribute, once that was asked for.
    readers: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)


@immutable
class Class(Value):
    """A class of the program."""

    node: ast.ClassDef
    path: str
    bases: tuple[Value, ...]
    namespace: Store
    scopes: tuple[Store, ...] = ()
    # What was worked out of the bases, once it was asked for.
    lineage: list[Lineage] = field(default_factory=list, init=False, repr=False)

    @property
    def name(self) -> str:
        return self.node.name


@immutable
class Instance(Value):
    """An object: of a class of the program, or of a library's class by its qualified name.

    `arguments` are the constructor's arguments by name, positional ones that have no known name by
    number; `store` holds the attributes, and "training" for a module's mode. `made_in` is the frame in
    which it was made, and `arms` are the branches.
    """

    cls: Class | str
    store: Store
    arguments: Mapping[str | int, Value] = field(default_factory=dict)
    site: Site | None = None
    made_in: Frame | None = None
    arms: tuple[int, ...] = ()

    @property
    def library_name(self) -> str | None:
        return self.cls if isinstance(self.cls, str) else None


@immutable
class Method(Value):
    """A method of the program bound to its receiver."""

    receiver: Value
    function: Function


@immutable
class LibraryMethod(Value):
    """An attribute of a library's object, not called yet: `x.view`, `optimizer.step`."""

    receiver: Value
    name: str


@immutable
class Partial(Value):
    """functools.partial and its like."""

    function: Value
    positional: tuple[Value, ...]
    keywords: Mapping[str, Value]


@immutable
class RecordType(Value):
    """What `namedtuple` makes: the type of tuples whose items have names."""

    fields: tuple[str, ...]
    defaults: Mapping[str, Value]


@immutable
class Super(Value):
    """`super()` in a method of `cls` on `receiver`."""

    cls: Class
    receiver: Value


@immutable
class OneOf(Value):
    """One of a few values, which one is not known."""

    alternatives: tuple[Value, ...]


def each_of(value: Value) -> tuple[Value, ...]:
    """What a value may be: its alternatives, or itself."""
    return value.alternatives if isinstance(value, OneOf) else (value,)


@dataclass(slots=True, eq=False)
class LoopState:
    """A loop that is being run: the state before its body and the ways out of it."""

    site: Site
    mark: int
    breaks: list[Delta] = field(default_factory=list)
    continues: list[Delta] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class TryState:
    """A try statement that is being run, and the states in which its body may have raised."""

    mark: int
    raised: list[Delta] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Frame:
    """What a running function knows of itself.

    `exits` are the ways out: what each gives, what it changed (None where that is still the present state), and the
    length of the trail's log. `alone` is true where nobody in the program calls the function: its arguments are unknown. `cost` is
    what each of its statements takes from the budget.
    """

    tree: Tree
    locals: Store
    scopes: tuple[Store, ...]
    function: Function | None = None
    receiver: Value | None = None
    caller: Frame | None = None
    call: ast.AST | None = None
    alone: bool = False
    class_body: bool = False
    mark: int = 0
    depth: int = 0
    exits: list[tuple[Value, Delta | None, int]] = field(default_factory=list)
    loops: list[LoopState] = field(default_factory=list)
    tries: list[TryState] = field(default_factory=list)
    globals: frozenset[str] = frozenset()
    nonlocals: frozenset[str] = frozenset()
    yields: list[tuple[Value, bool | None]] = field(default_factory=list)
    trace_start: int = 0
    cost: int = 1

    @property
    def name(self) -> str:
        return self.function.name if self.function else ""

    @property
    def file_scope(self) -> Store:
        """The names of the file's top level."""
        return self.scopes[0] if self.scopes else self.locals

    def site(self, node: ast.AST) -> Site:
        return Site(self.tree, node)
