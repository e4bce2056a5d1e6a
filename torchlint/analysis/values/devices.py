"""Where tensors and modules are, as far as that can be told without a machine to run on.

A device is "cuda", "cuda:0", "cpu" … where it is named, "cpu default" for what a program makes without naming one, "cpu made" for
what a module's forward makes so, and "moved" for what was brought to a device that is not known. None: nothing is known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from torchlint.analysis.values.abstract import (
    NONE,
    UNKNOWN,
    Const,
    Frame,
    Instance,
    Library,
    LibraryMethod,
    OneOf,
    Tensor,
    Unknown,
    Value,
    from_data,
)
from torchlint.analysis.values.classes import descendants, is_buffer, is_module
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import DEVICE
from torchlint.analysis.values.trail import Trail
from torchlint.analysis.values.written.guards import conditions, statements_before, way
from torchlint.diagnostic import Edit, Span
from torchlint.torch_api.dtypes import LEGACY_TENSORS
from torchlint.torch_api.operations import operation

DEFAULT, MADE, MOVED = "cpu default", "cpu made", "moved"
NOT_NAMED = (None, DEFAULT, MADE, MOVED)
# Decorators under which a test may not be run.
_SKIPS = frozenset({"unittest.skip", "unittest.skipIf", "unittest.skipUnless", "pytest.mark.skip", "pytest.mark.skipif"})
ACCELERATORS = ("cuda", "meta", "mps", "xpu")
_KINDS = (*ACCELERATORS, "cpu")


def device_of(value: Value) -> str | None:
    """The device that a value names: "cuda", "cpu"; None where it is not known."""
    match value:
        case Const(value=str(name)) if name.partition(":")[0] in _KINDS:
            return name
        case Const(value=bool()):
            return None
        case Const(value=int()):
            return "cuda"
        case Instance(cls="torch.device"):
            of = value.arguments.get("of")
            if isinstance(of, Tensor):
                return of.device
            given = value.arguments.get(0, value.arguments.get("type"))
            return device_of(given) if isinstance(given, Const) else None
    return None


def asked_device(value: Value) -> str | None:
    """Where `device=value` puts something: "moved" where that is not known by name, None where it is another tensor's, or may be."""
    if value == NONE:
        return DEFAULT
    named = device_of(value)
    if named is not None or (isinstance(value, Instance) and "of" in value.arguments) or of_tensor(value):
        return named
    return MOVED


def of_tensor(value: Value) -> bool:
    """Whether something unknown may well be a tensor or its device, which may be any: `x.device`, a batch, a model's output."""
    match value:
        case LibraryMethod(name="device", receiver=receiver):
            return not _is_setting(receiver)
        case Unknown(method="get_device" | "<model>"):
            return True
        case Unknown(method=str(), receiver=Value() as receiver):
            return from_data(value) or of_tensor(receiver)
        case OneOf():
            return any(map(of_tensor, value.alternatives))
    return False


def _is_setting(value: Value) -> bool:
    """Whether something is what a person set, on the command line: `args` of `args.device`."""
    while isinstance(value, Unknown | LibraryMethod) and value.receiver is not None:
        value = value.receiver
    return isinstance(value, Instance) and isinstance(value.cls, str) and not value.cls.startswith("torch.")


def type_device(value: Value) -> str | None:
    """Where `.type(value)` puts something, for tensor types of old that name CUDA or the CPU: None where it cannot be told, or does not move."""
    name = value.name if isinstance(value, Library) else value.value if isinstance(value, Const) else None
    package, _, last = str(name).rpartition(".")
    if last not in LEGACY_TENSORS:
        return None
    return "cuda" if package == "torch.cuda" else "cpu" if package == "torch" else None


def module_device(module: Instance) -> str | None:
    """Where a layer's weights are; None where that is not known."""
    held = module.store.get(DEVICE)
    return held.value if isinstance(held, Const) and isinstance(held.value, str) else None


def move_module(trail: Trail, module: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value]) -> None:
    """`module.to(…)`, `.cuda()`, `.cpu()`: the layers of a module are elsewhere now."""
    device: str | None = {"cuda": "cuda", "cpu": "cpu", "xpu": "xpu"}.get(name)
    if name == "type":
        given = keywords.get("dst_type", positional[0] if positional else UNKNOWN)
        device = type_device(given)
        if device is None and isinstance(given, Library | Const):
            return
    elif name in ("to", "to_empty"):
        given = keywords.get("device", positional[0] if positional else NONE)
        if (isinstance(given, Library | Const) and device_of(given) is None) or (isinstance(given, LibraryMethod) and given.name == "dtype"):
            return
        device = given.device if isinstance(given, Tensor) else asked_device(given)
    elif device is None:
        return
    for each in descendants(module):
        if DEVICE in each.store:
            trail.set(each.store, DEVICE, Const(device))
        for key, held in list(each.store.items()):
            if isinstance(held, Tensor) and (held.parameter or is_buffer(each, key)):
                trail.set(each.store, key, replace(held, device=device))


def may_move(trail: Trail, value: Value) -> None:
    """Code that is not read gets a module: it may bring it to another device, now or later."""
    for each in descendants(value) if is_module(value) else ():
        if DEVICE in each.store:
            trail.set(each.store, DEVICE, None)


def is_argument(value: Value, frame: Frame | None) -> bool:
    """Whether a value is what a running function was given for one of its parameters; of the unknown nothing is, nor is a constant anywhere."""
    if value is UNKNOWN or isinstance(value, Const) or frame is None or frame.function is None:
        return False
    arguments = frame.function.node.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return any(frame.locals.get(name) is value for name in names)


def makers(tensor: Tensor, depth: int = 12) -> Iterator[Tensor]:
    """The tensors that were made without a device in a forward, of which a tensor came."""
    found = operation(tensor.op or "")
    if tensor.device != MADE or depth == 0:
        return
    if found is not None and found.gradient == "source" and not any(isinstance(each, Tensor) for each in tensor.inputs):
        yield tensor
        return
    for each in tensor.inputs:
        if isinstance(each, Tensor):
            yield from makers(each, depth - 1)


def input_name(maker: Tensor) -> str | None:
    """The parameter of the function that makes a tensor whose device it should have: one that the call mentions, or the first."""
    function = maker.site.function if maker.site is not None and isinstance(maker.site.node, ast.Call) else None
    if maker.site is None or function is None:
        return None
    mentioned = {each.id for each in ast.walk(maker.site.node) if isinstance(each, ast.Name)}
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)][1:]
    used = [name for name in names if name in mentioned]
    return used[0] if used else names[0] if names and function.name == "forward" else None


def guarded(frame: Frame, site: Site) -> bool:
    """Whether code runs under some condition, in a function that asks whether there is CUDA, or where its callers asked."""
    callers = list(way(frame, site))
    return _guarded_here(site) or any(_may_be_skipped(each) or _asked(site) for each, site in callers)


def _may_be_skipped(frame: Frame) -> bool:
    """Whether what runs is a test that a decorator leaves out under a condition."""
    return frame.function is not None and any(isinstance(each, Unknown) and each.method in _SKIPS for each in frame.function.decorators)


def _asked(site: Site) -> bool:
    """Whether a place is only reached where the program found CUDA, or found none."""
    return any("is_available" in site.tree.code(test) for test in conditions(site))


def _guarded_here(site: Site) -> bool:
    node, parent = site.node, site.tree.parent(site.node)
    while parent is not None:
        if isinstance(parent, ast.If | ast.IfExp | ast.BoolOp | ast.Try | ast.ExceptHandler) and node is not getattr(parent, "test", None):
            return not _is_main(parent)
        if isinstance(node, ast.stmt) and any(map(_leaves, statements_before(parent, node))):
            return True
        if isinstance(parent, ast.FunctionDef):
            return "is_available" in site.tree.code(parent)
        node, parent = parent, site.tree.parent(parent)
    return False


def _leaves(statement: ast.stmt) -> bool:
    """Whether a statement ends its function under a condition."""
    return isinstance(statement, ast.If) and any(arm and isinstance(arm[-1], ast.Return | ast.Raise) for arm in (statement.body, statement.orelse))


def _is_main(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and getattr(node.test.left, "id", "") == "__name__"


def picked_name(frame: Frame) -> str | None:
    """The name of a device that a running function can see."""
    if frame.name == "forward":
        return None
    for scope in (frame.locals, *reversed(frame.scopes)):
        for name, value in scope.items():
            if isinstance(name, str) and device_of(value) is not None and not (isinstance(value, Const) and isinstance(value.value, int)):
                return name
    return None


def names_cuda(site: Site, device: str) -> tuple[Edit, ...] | None:
    """Edits that put a device in the place of CUDA's name: in `.cuda()`, `.to("cuda")` and `device="cuda"`."""
    node = site.node
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr == "cuda":
        receiver = site.at(node.func.value)
        return (Edit(Span(receiver.span.end, site.span.end), f".to({device})"),) if not node.keywords else None
    named = [each for each in (*node.args, *(each.value for each in node.keywords)) if is_cuda_name(each)]
    return tuple(Edit(site.at(each).span, device) for each in named) or None


def is_cuda_name(node: ast.AST) -> bool:
    """Whether an expression is `"cuda"` or `"cuda:0"`, written out."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.partition(":")[0] == "cuda"
