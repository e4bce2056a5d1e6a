"""Traps put into a working program, one at a time: a guard removed, a call deleted, an activation added.

Each trap looks at one file's tree and yields the texts that it would put in. Whether the program is wrong
afterwards cannot always be told from the text (a `no_grad` around code that applies no model does no harm when it
goes), so what is not reported is listed, to be looked at.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

_GUARDS = ("torch.no_grad", "torch.inference_mode", "no_grad", "inference_mode")


@dataclass(frozen=True, slots=True)
class Injection:
    """Text put in place of a node's; `row` counts from 1."""

    start: int
    end: int
    text: str
    row: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text with its tree, and the text of its whole project; offsets are those of the UTF-8 bytes, as ast counts them."""

    data: bytes
    project: bytes
    tree: ast.Module
    starts: tuple[int, ...]

    @classmethod
    def of(cls, data: bytes, project: bytes) -> Source:
        """Raises SyntaxError and ValueError."""
        starts = [0]
        for line in data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return cls(data, project, ast.parse(data), tuple(starts))

    def text(self, node: ast.expr | ast.stmt) -> str:
        return self.data[self.start(node) : self.end(node)].decode()

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def put(self, node: ast.expr | ast.stmt, text: str) -> Injection:
        return Injection(self.start(node), self.end(node), text, node.lineno)


Trap = Callable[[Source], Iterator[Injection]]


def _calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            last = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if last in names:
                yield node


def _statements(source: Source, name: str) -> Iterator[ast.Expr]:
    """The statements that call a method of that name with no arguments."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attribute), args=[], keywords=[])) if attribute == name:
                yield node


def _without(name: str) -> Trap:
    def trap(source: Source) -> Iterator[Injection]:
        for statement in _statements(source, name):
            yield source.put(statement, "pass")

    return trap


def _guard(node: ast.expr) -> bool:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node) in _GUARDS


def without_guard(source: Source) -> Iterator[Injection]:
    """`with torch.no_grad():` over something that loops, or a function so decorated, without the guard."""
    for node in ast.walk(source.tree):
        match node:
            case ast.With(items=[ast.withitem(context_expr=ast.Call() as guard, optional_vars=None)]) if _guard(guard):
                if any(isinstance(each, ast.For) for each in ast.walk(node)):
                    start, end = source.start(node), source.end(guard)
                    yield Injection(start, end, "if True", node.lineno)
            case ast.FunctionDef(decorator_list=[*decorators]):
                for each in filter(_guard, decorators):
                    if any(isinstance(inner, ast.For) for inner in ast.walk(node)):
                        yield source.put(each, "(lambda function: function)")


def _returned(source: Source) -> Iterator[ast.expr]:
    """What the forward methods of modules give back as their last statement, where it is one expression."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and any("Module" in ast.unparse(base) for base in node.bases):
            for method in node.body:
                match method:
                    case ast.FunctionDef(name="forward", body=[*_, ast.Return(value=ast.expr() as value)]):
                        if not isinstance(value, ast.Tuple | ast.Dict | ast.List | ast.Constant):
                            yield value


def _applied_last(template: str, *needed: str) -> Trap:
    """An activation on what forward gives, in a file that imports torch and a project that names one of these losses."""

    def trap(source: Source) -> Iterator[Injection]:
        imported = any(isinstance(node, ast.Import) and any(each.name == "torch" for each in node.names) for node in source.tree.body)
        if imported and any(name.encode() in source.project for name in needed):
            for value in _returned(source):
                yield source.put(value, template.format(source.text(value)))

    return trap


def _activation_dropped(*names: str) -> Trap:
    """Forward gives what went into its last activation."""

    def trap(source: Source) -> Iterator[Injection]:
        for value in _returned(source):
            if isinstance(value, ast.Call) and value.args and value in list(_calls(value, *names)):
                inner = value.args[0]
                yield source.put(value, source.text(inner))

    return trap


def item_dropped(source: Source) -> Iterator[Injection]:
    """`total += loss.item()` without the call."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AugAssign):
            for call in _calls(node.value, "item"):
                if isinstance(call.func, ast.Attribute):
                    yield source.put(call, source.text(call.func.value))


def init_dropped(source: Source) -> Iterator[Injection]:
    """A module without `super().__init__()`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and any("Module" in ast.unparse(base) for base in node.bases):
            for statement in ast.walk(node):
                match statement:
                    case ast.Expr(value=ast.Call(func=ast.Attribute(attr="__init__"))):
                        yield source.put(statement, "pass")


def plain_list(source: Source) -> Iterator[Injection]:
    """`nn.ModuleList([…])` as the list alone."""
    for call in _calls(source.tree, "ModuleList"):
        if len(call.args) == 1 and isinstance(call.args[0], ast.List | ast.ListComp):
            yield source.put(call, source.text(call.args[0]))


def _layers(cls: ast.ClassDef) -> dict[str, ast.Call]:
    """What a class's `__init__` makes by a capitalized name and keeps on self, by the attribute's name."""
    made: dict[str, ast.Call] = {}
    for node in ast.walk(cls):
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=ast.Call(func=func) as call):
                if ast.unparse(func).rpartition(".")[2][:1].isupper():
                    made[name] = call
    return made


def _applications(source: Source) -> Iterator[tuple[ast.Attribute, ast.Call]]:
    """`self.layer` in `self.layer(x)`, in a forward, and the call that made the layer."""
    for cls in ast.walk(source.tree):
        if isinstance(cls, ast.ClassDef):
            layers = _layers(cls)
            for method in cls.body:
                if isinstance(method, ast.FunctionDef) and method.name == "forward":
                    for node in ast.walk(method):
                        match node:
                            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name) as func) if name in layers:
                                yield func, layers[name]


def forward_by_name(source: Source) -> Iterator[Injection]:
    for func, _ in _applications(source):
        yield source.put(func, f"{source.text(func)}.forward")


def built_in_forward(source: Source) -> Iterator[Injection]:
    """`nn.Linear(8, 2)(x)` for `self.layer(x)`, of layers that are made from numbers alone."""
    for func, made in _applications(source):
        numbers = all(isinstance(each, ast.Constant) for each in (*made.args, *(keyword.value for keyword in made.keywords)))
        if numbers and ast.unparse(made.func).rpartition(".")[2] in ("Linear", "Conv2d", "Conv1d", "BatchNorm2d", "BatchNorm1d", "LSTM", "GRU", "Embedding"):
            yield source.put(func, source.text(made))


def _one_more(*names: str) -> Trap:
    """The first number that a layer is made with, one greater."""

    def trap(source: Source) -> Iterator[Injection]:
        for call in _calls(source.tree, *names):
            match call.args:
                case [ast.Constant(value=int() as number) as first, *_] if number > 2:
                    yield source.put(first, str(number + 1))

    return trap


def move_discarded(source: Source) -> Iterator[Injection]:
    """`x = x.to(device)` as a statement of its own."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Assign(targets=[target], value=ast.Call(func=ast.Attribute(attr="to", value=receiver)) as call):
                if ast.unparse(target) == ast.unparse(receiver):
                    yield source.put(node, source.text(call))


def _reordered(first: str, second: str) -> Trap:
    """Two neighbouring statements that call these methods, the other way around."""

    def trap(source: Source) -> Iterator[Injection]:
        for node in ast.walk(source.tree):
            body = getattr(node, "body", None)
            for one, other in pairwise(body) if isinstance(body, list) else ():
                if _is_call(one, first) and _is_call(other, second):
                    between = source.data[source.end(one) : source.start(other)].decode()
                    text = f"{source.text(other)}{between}{source.text(one)}"
                    yield Injection(source.start(one), source.end(other), text, one.lineno)

    return trap


def _is_call(node: ast.stmt, name: str) -> bool:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute() as func)):
            return ast.unparse(func).endswith(name)
    return False


def _keyword_dropped(names: tuple[str, ...], keyword: str) -> Trap:
    def trap(source: Source) -> Iterator[Injection]:
        for call in _calls(source.tree, *names):
            if any(each.arg == keyword for each in call.keywords):
                kept = [*map(source.text, call.args), *(f"{each.arg}={source.text(each.value)}" if each.arg else f"**{source.text(each.value)}" for each in call.keywords if each.arg != keyword)]
                yield source.put(call, f"{source.text(call.func)}({', '.join(kept)})")

    return trap


def detach_dropped(source: Source) -> Iterator[Injection]:
    """`x.detach().cpu().numpy()` without `detach()`."""
    for call in _calls(source.tree, "numpy"):
        for inner in _calls(call, "detach"):
            if isinstance(inner.func, ast.Attribute):
                yield source.put(inner, source.text(inner.func.value))


def size_subscripted(source: Source) -> Iterator[Injection]:
    """`x.size[0]` for `x.size(0)`."""
    for call in _calls(source.tree, "size"):
        if len(call.args) == 1 and isinstance(call.func, ast.Attribute):
            yield source.put(call, f"{source.text(call.func)}[{source.text(call.args[0])}]")


def shape_called(source: Source) -> Iterator[Injection]:
    """`x.shape(0)` for `x.shape[0]`."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="shape") as shape, slice=ast.Constant(value=int() as dim)):
                yield source.put(node, f"{source.text(shape)}({dim})")


def buffer_dropped(source: Source) -> Iterator[Injection]:
    """`self.mean = t` for `self.register_buffer("mean", t)`."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="register_buffer", value=receiver), args=[ast.Constant(value=str() as name), value, *_])):
                yield source.put(node, f"{source.text(receiver)}.{name} = {source.text(value)}")


def batch_flattened(source: Source) -> Iterator[Injection]:
    """`x.view(-1)` for `x.view(x.size(0), -1)`."""
    for call in _calls(source.tree, "view", "reshape"):
        if len(call.args) == 2 and ast.unparse(call.args[1]) == "-1" and isinstance(call.func, ast.Attribute):
            yield source.put(call, f"{source.text(call.func)}(-1)")


TRAPS: dict[str, tuple[Trap, tuple[str, ...]]] = {
    "no_grad removed": (without_guard, ("TL413",)),
    "zero_grad() deleted": (_without("zero_grad"), ("TL411",)),
    "eval() deleted": (_without("eval"), ("TL414",)),
    "train() deleted": (_without("train"), ("TL415",)),
    "item() dropped from a sum": (item_dropped, ("TL416",)),
    "step before backward": (_reordered("backward", ".step"), ("TL412",)),
    "zero_grad before step": (_reordered(".step", "zero_grad"), ("TL412",)),
    "scheduler before optimizer": (_reordered(".step", "scheduler.step"), ("TL412",)),
    "softmax before cross entropy": (_applied_last("torch.softmax({}, dim=1)", "CrossEntropyLoss", "cross_entropy"), ("TL401",)),
    "sigmoid before BCEWithLogits": (_applied_last("torch.sigmoid({})", "BCEWithLogitsLoss", "with_logits"), ("TL402",)),
    "last activation dropped": (_activation_dropped("sigmoid", "log_softmax"), ("TL403",)),
    "softmax without dim": (_keyword_dropped(("softmax", "log_softmax", "Softmax", "LogSoftmax"), "dim"), ("TL405",)),
    "shuffle dropped": (_keyword_dropped(("DataLoader",), "shuffle"), ("TL419",)),
    "super().__init__() deleted": (init_dropped, ("TL205", "TL206")),
    "ModuleList as a list": (plain_list, ("TL204",)),
    "forward by name": (forward_by_name, ("TL201",)),
    "layer built in forward": (built_in_forward, ("TL202",)),
    "training flag dropped": (_keyword_dropped(("dropout", "dropout2d"), "training"), ("TL210",)),
    "to() discarded": (move_discarded, ("TL212",)),
    "buffer as an attribute": (buffer_dropped, ("TL208",)),
    "map_location dropped": (_keyword_dropped(("load",), "map_location"), ("TL606",)),
    "Linear's in_features + 1": (_one_more("Linear"), ("TL502", "TL503", "TL504", "TL505", "TL506", "TL507")),
    "conv's in_channels + 1": (_one_more("Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d"), ("TL502", "TL503", "TL504", "TL505", "TL506")),
    "norm's features + 1": (_one_more("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm"), ("TL502", "TL503", "TL504", "TL505", "TL506")),
    "batch flattened": (batch_flattened, ("TL501", "TL502", "TL503", "TL504", "TL507")),
    "detach() dropped": (detach_dropped, ("TL305",)),
    "size subscripted": (size_subscripted, ("TL101",)),
    "shape called": (shape_called, ("TL102",)),
}
