"""What statements and operators do: names and attributes are bound, functions return, loops run, values are reckoned with."""

from __future__ import annotations

import ast

from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import Function, Value
from torchlint.analysis.values.events import Event
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.syntax.index import below


@immutable
class AttributeRead(Fact):
    """An attribute of a tensor is read."""

    value: Value
    name: str


@immutable
class AttributeAssignment(Fact):
    """`receiver.name = value`."""

    receiver: Value
    name: str
    value: Value

    @property
    def read_in_file(self) -> bool:
        """Whether the file reads an attribute of that name anywhere, of whatever, or has the name in a text."""
        module = self.site.tree.module
        read = any(each.attr == self.name and isinstance(each.ctx, ast.Load) for each in below(module, ast.Attribute))
        return read or any(each.value == self.name for each in below(module, ast.Constant))

    def beside(self, *names: str) -> bool:
        """Whether the function that runs uses attributes of these names as well, of whatever."""
        function = self.frame.function
        return function is not None and any(each.attr in names for each in below(function.node, ast.Attribute))


@immutable
class Assignment(Fact):
    """A name is bound: `name = value`; `previous` is what it held before."""

    name: str
    value: Value
    previous: Value | None


@immutable
class AugmentedAssignment(Fact):
    """`target += value`; `before` is what the target held, `loops` how many loops of its function it is in."""

    target: Site
    operator: str
    before: Value
    value: Value
    value_site: Site
    loops: int


@immutable
class Arithmetic(Fact):
    """A binary operation on tensors or arrays: `left op right`."""

    operator: str
    operands: tuple[Value, ...]
    result: Value


@immutable
class Subscript(Fact):
    """`value[index]`."""

    value: Value
    index: Value
    result: Value


@immutable
class Statement(Fact):
    """An expression that stands as a statement: its value is thrown away."""

    value: Value


@immutable
class Returned(Fact):
    """A function of the program was run to its end: what it returned."""

    function: Function
    receiver: Value | None
    result: Value
    events: tuple[Event, ...]
    arms: tuple[int, ...]


@immutable
class Loop(Fact):
    """A loop was run, twice where its elements are not known one by one: what happened in it, in order.

    `iterated` is what it goes over (None for `while`), `first` the number of events of the first round.
    """

    iterated: Value | None
    events: tuple[Event, ...]
    first: int
    arms: tuple[int, ...]


@immutable
class FileRun(Fact):
    """A file's top level was run: the events of the whole run."""

    events: tuple[Event, ...]
