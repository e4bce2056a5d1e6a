"""Calls: of functions, classes, modules, losses and forwards, and methods that were named and not called."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import field

from torchlint.analysis.edits.calls import add_argument
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import Instance, Tensor, Value
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import (
    argument_of,
    attribute_span,
    callee,
    is_call,
    is_plain,
    names_arguments,
    receiver,
)
from torchlint.analysis.values.written.guards import inside
from torchlint.diagnostic import Applicability, Edit, Fix, Span
from torchlint.torch_api.operations import operation


@immutable
class Call(Fact):
    """A call of something of a library: a function, or a method of an object that a library made.

    `name` is the public qualified name ("torch.flatten", "torch.Tensor.view", "torch.optim.SGD.step").
    `arguments` are bound by parameter name where the signature is known, else by number.
    """

    name: str
    receiver: Value | None
    arguments: Mapping[str | int, Value]
    positional: tuple[Value, ...]
    result: Value
    discarded: bool = False

    @property
    def bare(self) -> str:
        """The name without what it belongs to: "flatten"."""
        return self.name.rpartition(".")[2]

    @property
    def callee_site(self) -> Site | None:
        return callee(self.site)

    @property
    def receiver_site(self) -> Site | None:
        """The expression before the dot."""
        return receiver(self.site)

    @property
    def method_span(self) -> Span | None:
        """The name behind the last dot of what is called."""
        return attribute_span(self.callee_site)

    def argument_site(self, index: int | None, keyword: str | None = None) -> Site | None:
        """The expression given as the positional argument `index`, or by keyword."""
        return argument_of(self.site, index, keyword)

    @property
    def shown(self) -> bool:
        """Whether a notebook may show the result: a statement at the top level of one."""
        return self.frame.function is None and self.site.path.endswith(".ipynb")

    @property
    def plain(self) -> bool:
        """Whether the call is written without star arguments."""
        return is_plain(self.site)

    @property
    def names_arguments(self) -> bool:
        """Whether the call is given arguments by keyword."""
        return names_arguments(self.site)

    def add_argument(self, text: str, message: str, applicability: Applicability = "safe") -> Fix | None:
        """A fix that adds an argument at the end of the call."""
        return add_argument(self.site, text, message, applicability)


@immutable
class DiscardedCall(Call):
    """A call of a function or a method of an object that stands as a statement: its result is thrown away."""

    @property
    def on_new_tensor(self) -> bool:
        """Whether the receiver or first argument is a tensor made in this very statement: to start a device, or to look at."""
        made, written = self.receiver, self.receiver_site
        if made is None and self.positional:
            made, written = self.positional[0], self.argument_site(0)
        if not isinstance(made, Tensor) or made.op is None or made.site is None or written is None:
            return False
        found = operation(made.op)
        return found is not None and found.gradient == "source" and made.site.same(written)


@immutable
class Construction(Call):
    """A library's class is called: `nn.Conv2d(3, 8, 3)`; `result` is the instance."""


@immutable
class ModuleCall(Call):
    """A module is applied: `self.conv(x)`; `receiver` is the module, `arguments` are forward's by number.

    `element` says that a Sequential applies it.
    """

    element: bool = False


@immutable
class ContainerCalled(Fact):
    """A container of torch that has no forward is applied, for certain: `self.blocks(x)`; `name` is its bare class name."""

    name: str


@immutable
class LossCall(Call):
    """A loss is computed, by a module or a function.

    `loss` is the bare class name ("CrossEntropyLoss") whichever way it is called; `settings` are the
    loss's own arguments (reduction, weight …); `input` and `target` what it compares.
    """

    loss: str = ""
    input: Value | None = None
    target: Value | None = None
    settings: Mapping[str | int, Value] = field(default_factory=dict)
    criterion: Value | None = None

    @property
    def chosen(self) -> Site:
        """Where this loss was chosen: its criterion's constructor, or the call of its function."""
        made: Site | None = getattr(self.criterion, "site", None)
        return made if made is not None and is_call(made) else self.site

    def exchanged(self, cls: str, function: str) -> Fix | None:
        """A fix that chooses another loss: its class at the constructor, or its function in the call's place."""
        made = self.chosen
        if self.criterion is not None and made is self.site:
            return None
        span = attribute_span(callee(made))
        name = function if self.criterion is None else cls
        return Fix(f"Use {name}", (Edit(span, name),), "unsafe") if span is not None else None


@immutable
class ForwardCall(Call):
    """`.forward(...)` of a module is called by name; `receiver` is the module."""

    @property
    def by_own_method(self) -> bool:
        """Whether a method of the module's, or a function inside one, calls it on the receiver."""
        store = self.receiver.store if isinstance(self.receiver, Instance) else None
        own = [frame for frame, _ in self.way if isinstance(frame.receiver, Instance) and frame.receiver.store is store]
        return any(frame.function is not None and inside(self.site, frame.site(frame.function.node)) for frame in own)


@immutable
class ValueCalled(Fact):
    """Something that is no function is called: `x.shape(0)`."""

    value: Value
    callee: Site

    @property
    def called_name(self) -> str | None:
        """The name by which it is called: "shape"."""
        node = self.callee.node
        return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


@immutable
class MethodNotCalled(Fact):
    """A method of a library's object is used as if it were a value.

    `use`: "subscript", "attribute", "arithmetic", "comparison", "condition", "statement", "with", "argument".
    """

    receiver: Value
    name: str
    use: str
