"""What the interpreter tells the rules: each fact is something that happens in a feasible run.

A fact knows its place and can make a finding of it; edits are made from places too, so that a
rule needs no node of the tree.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import field

from torchlint.diagnostic import Applicability, Edit, Finding, Fix, Related, Severity, Span
from torchlint.frozen import dataclass
from torchlint.semantics.classes import is_module
from torchlint.semantics.edits import add_argument
from torchlint.semantics.events import Event
from torchlint.semantics.frame import Frame
from torchlint.semantics.site import Site
from torchlint.semantics.values import Function, Instance, Library, Tensor, Value
from torchlint.torch_api.dims import Dim
from torchlint.torch_api.operations import operation
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.transforms import Transform


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """Something that happens at a site, in a running function, with gradients on, off or unknown."""

    site: Site
    frame: Frame
    grad: bool | None

    def flag(
        self,
        message: str,
        *,
        at: Site | None = None,
        fix: Fix | None = None,
        related: Sequence[tuple[Site | None, str]] = (),
        severity: Severity | None = None,
    ) -> Finding:
        """A finding at this fact's site, or at another one. The fix must edit that site's file."""
        others = tuple(Related(site.place, text) for site, text in related if site is not None)
        return Finding((at or self.site).place, message, fix, others, severity)

    def name_of(self, module: str) -> str | None:
        """The name by which this file knows a module of a library (`F`), if it does."""
        for name, value in self.frame.file_scope.items():
            if isinstance(value, Library) and value.name == module and isinstance(name, str):
                return name
        return None

    @property
    def in_forward(self) -> bool:
        """Whether this happens in a module's forward, or in something that it calls."""
        return self.forward_frame is not None

    @property
    def outermost(self) -> Site:
        """The call of the outermost module whose forward is running; where none is, this fact's own site."""
        found, frame = self.site, self.frame
        while frame.caller is not None:
            if frame.name == "forward" and is_module(frame.receiver) and frame.call is not None:
                found = frame.caller.site(frame.call)
            frame = frame.caller
        return found

    @property
    def alone_on_instance(self) -> bool:
        """Whether this happens in a method that the program calls on no known instance."""
        frame: Frame | None = self.frame
        while frame is not None:
            if frame.alone and frame.receiver is not None:
                return True
            frame = frame.caller
        return False

    @property
    def forward_frame(self) -> Frame | None:
        return self.frame.forward

    @property
    def module_frame(self) -> Frame | None:
        """The method of a module that runs here, or that called what runs here."""
        frame: Frame | None = self.frame
        while frame is not None:
            if is_module(frame.receiver):
                return frame
            frame = frame.caller
        return None

    @property
    def in_method_of_module(self) -> bool:
        """Whether this stands in a method of a module that names its receiver `self`."""
        function = self.frame.function
        arguments = function.node.args.args if function is not None else []
        return is_module(self.frame.receiver) and bool(arguments) and arguments[0].arg == "self"


@dataclass(frozen=True, slots=True, eq=False)
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
    def node(self) -> ast.Call | None:
        return self.site.node if isinstance(self.site.node, ast.Call) else None

    @property
    def callee_site(self) -> Site | None:
        return self.site.at(self.node.func) if self.node else None

    @property
    def receiver_site(self) -> Site | None:
        """The expression before the dot."""
        node = self.node
        return self.site.at(node.func.value) if node and isinstance(node.func, ast.Attribute) else None

    @property
    def method_span(self) -> Span | None:
        """The name behind the last dot of what is called."""
        return _behind_the_dot(self.callee_site)

    def argument_site(self, index: int, keyword: str | None = None) -> Site | None:
        """The expression given as the positional argument `index`, or by keyword."""
        return written_argument(self.site, index, keyword)

    @property
    def shown(self) -> bool:
        """Whether a notebook may show the result: a statement at the top level of one."""
        return self.frame.function is None and self.site.path.endswith(".ipynb")

    @property
    def plain(self) -> bool:
        """Whether the call is written without star arguments."""
        node = self.node
        return node is not None and not (
            any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords)
        )

    def add_argument(self, text: str, message: str, applicability: Applicability = "safe") -> Fix | None:
        """A fix that adds an argument at the end of the call."""
        return add_argument(self.site, text, message, applicability)


def written_argument(site: Site | None, index: int, keyword: str | None = None) -> Site | None:
    """The expression given to the call at `site` as its positional argument `index`, or by keyword."""
    node = site.node if site is not None else None
    if site is None or not isinstance(node, ast.Call):
        return None
    for each in node.keywords:
        if keyword is not None and each.arg == keyword:
            return site.at(each.value)
    if index < len(node.args) and not any(isinstance(a, ast.Starred) for a in node.args[: index + 1]):
        return site.at(node.args[index])
    return None


def _behind_the_dot(site: Site | None) -> Span | None:
    if site is None or not isinstance(site.node, ast.Attribute):
        return None
    end = site.span.end
    return Span(end.__class__(end.row, end.column - len(site.node.attr)), end)


@dataclass(frozen=True, slots=True, eq=False)
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
        return found is not None and found.gradient == "source" and made.site.node is written.node


@dataclass(frozen=True, slots=True, eq=False)
class Construction(Call):
    """A library's class is called: `nn.Conv2d(3, 8, 3)`; `result` is the instance."""


@dataclass(frozen=True, slots=True, eq=False)
class ModuleCall(Call):
    """A module is applied: `self.conv(x)`; `receiver` is the module, `arguments` are forward's by number.

    `element` says that a Sequential applies it.
    """

    element: bool = False


@dataclass(frozen=True, slots=True, eq=False)
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
        return made if made is not None and isinstance(made.node, ast.Call) else self.site

    def exchanged(self, cls: str, function: str) -> Fix | None:
        """A fix that chooses another loss: its class at the constructor, or its function in the call's place."""
        made = self.chosen
        if not isinstance(made.node, ast.Call) or (self.criterion is not None and made is self.site):
            return None
        span = _behind_the_dot(made.at(made.node.func))
        name = function if self.criterion is None else cls
        return Fix(f"Use {name}", (Edit(span, name),), "unsafe") if span is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class ForwardCall(Call):
    """`.forward(...)` of a module is called by name; `receiver` is the module."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueCalled(Fact):
    """Something that is no function is called: `x.shape(0)`."""

    value: Value
    callee: Site

    @property
    def called_name(self) -> str | None:
        """The name by which it is called: "shape"."""
        node = self.callee.node
        return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


@dataclass(frozen=True, slots=True, eq=False)
class MethodNotCalled(Fact):
    """A method of a library's object is used as if it were a value.

    `use`: "subscript", "attribute", "arithmetic", "comparison", "condition", "statement", "with", "argument".
    """

    receiver: Value
    name: str
    use: str


@dataclass(frozen=True, slots=True, eq=False)
class AttributeRead(Fact):
    """An attribute of a tensor is read."""

    value: Value
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class AttributeAssignment(Fact):
    """`receiver.name = value`."""

    receiver: Value
    name: str
    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Assignment(Fact):
    """A name is bound: `name = value`; `previous` is what it held before."""

    name: str
    value: Value
    previous: Value | None


@dataclass(frozen=True, slots=True, eq=False)
class AugmentedAssignment(Fact):
    """`target += value`; `before` is what the target held, `loops` how many loops of its function it is in."""

    target: Site
    operator: str
    before: Value
    value: Value
    value_site: Site
    loops: int


@dataclass(frozen=True, slots=True, eq=False)
class Accumulation(Fact):
    """A tensor with a graph is added to a sum, or put into a list, that outlives the round of the loop it was made in.

    `holder` is where the sum or list is written; `tensor` the expression that holds the graph, where that
    is one; `as_tensor` whether the sum or list is used as a tensor later.
    """

    value: Value
    holder: Site
    tensor: Site | None
    as_tensor: bool


@dataclass(frozen=True, slots=True, eq=False)
class LogitsThresholded(Fact):
    """What a loss takes as logits elsewhere is compared with 0.5 or rounded; `written` is its expression."""

    value: Value
    written: Site
    loss: Site


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic(Fact):
    """A binary operation on tensors or arrays: `left op right`."""

    operator: str
    operands: tuple[Value, ...]
    result: Value


@dataclass(frozen=True, slots=True, eq=False)
class Subscript(Fact):
    """`value[index]`."""

    value: Value
    index: Value
    result: Value


@dataclass(frozen=True, slots=True, eq=False)
class Statement(Fact):
    """An expression that stands as a statement: its value is thrown away."""

    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Returned(Fact):
    """A function of the program was run to its end: what it returned."""

    function: Function
    receiver: Value | None
    result: Value
    events: tuple[Event, ...]
    arms: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Loop(Fact):
    """A loop was run, twice where its elements are not known one by one: what happened in it, in order.

    `iterated` is what it goes over (None for `while`), `first` the number of events of the first round.
    """

    iterated: Value | None
    events: tuple[Event, ...]
    first: int
    arms: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CheckpointRead(Call):
    """`torch.load` is called; told when the whole program has been run, so that `picks_device` is known.

    `own` is true where the file may be one that the program wrote before, in the same run.
    """

    picks_device: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class StateLoaded(Call):
    """`module.load_state_dict(state, strict)` of a torch module; `missing` keys of its were taken out of the state."""

    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LoadResultUsed(Fact):
    """What `load_state_dict` gave is used as if it were the object; the site is where it was loaded."""

    result: Instance
    use: Site


@dataclass(frozen=True, slots=True, eq=False)
class StateAliased(Fact):
    """A state dict is used after the weights it refers to have been trained further; the site is where it was taken."""

    state: Instance
    use: Site


@dataclass(frozen=True, slots=True, eq=False)
class FileRun(Fact):
    """A file's top level was run: the events of the whole run."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TransformCall(Fact):
    """A transform of torchvision is applied to a value, on its own or as a step of a chain.

    `transform` is the instance (its site is where it was built), `kind` what is known of its class; `following` are the
    transforms that come after it in its chain.
    """

    transform: Instance
    kind: Transform
    value: Value
    result: Value
    following: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TensorMade(TransformCall):
    """`ToTensor` is applied; told again, with another result, where that is divided by 255 later."""


@dataclass(frozen=True, slots=True, eq=False)
class DevicePinned(Fact):
    """Something is put on CUDA by that name, in a program that asks elsewhere whether there is CUDA."""


@dataclass(frozen=True, slots=True, eq=False)
class DevicesMeet(Fact):
    """A tensor that a module's forward made on the CPU meets its input or (`weights`) what the module holds."""

    made: Tensor
    weights: bool


@dataclass(frozen=True, slots=True, eq=False)
class ShapeMismatch(Fact):
    """An operation or layer was given shapes that torch refuses.

    `kind` is the reason ("channels", "features", "rank", "vanishes", "inner", "broadcast", "elements"),
    `reason` what is said about it; `operation` the qualified name; `module` the layer, if it is one.
    """

    operation: str
    kind: str
    reason: str
    inputs: tuple[Value, ...]
    module: Value | None
    error: ShapeError

    @property
    def at_fault(self) -> Tensor | None:
        """The tensor that does not fit."""
        given = [each for each in self.inputs if isinstance(each, Tensor)]
        exact = [each for each in given if each.shape is not None and each.shape == self.error.input]
        return exact[0] if exact else given[0] if given else None

    @property
    def module_site(self) -> Site | None:
        """Where the layer was built."""
        return self.module.site if isinstance(self.module, Instance) else None

    @property
    def expected(self) -> Dim:
        """The size that would be right."""
        return self.error.expected

    @property
    def found(self) -> Dim:
        """The size that arrives instead."""
        return self.error.found


def tensors(values: Sequence[Value]) -> list[Tensor]:
    return [value for value in values if isinstance(value, Tensor)]
