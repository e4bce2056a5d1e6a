"""Mutants of small programs: one number, dim, dtype, argument, name or statement is another.

Each kind looks at one file's tree and yields the texts that it would put in, as the traps of `traps.py` do. Whether the program
still runs afterwards is not asked here: torch says (`crashes.py`).
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from itertools import pairwise
from random import Random

from traps import TRAPS, Injection, Source, Trap

_FEATURED = ("Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "GroupNorm", "Embedding", "LSTM", "GRU", "RNN", "MultiheadAttention")
_FEATURES = ("in_features", "out_features", "in_channels", "out_channels", "num_features", "normalized_shape", "input_size", "hidden_size", "embedding_dim", "embed_dim", "num_heads")
_DIMS = ("dim", "axis", "dims", "start_dim", "end_dim", "dim0", "dim1")
_OF_DIMS = {
    "transpose", "permute", "flatten", "squeeze", "unsqueeze", "sum", "mean", "max", "min", "argmax", "argmin", "softmax", "log_softmax", "cat",
    "stack", "chunk", "split", "size", "norm", "std", "var", "cumsum", "select", "narrow", "gather", "index_select", "unbind", "Softmax", "LogSoftmax", "Flatten",
}  # fmt: skip
_DTYPES = ("float32", "float64", "float16", "int64", "int32", "bool")
_CONVERSIONS = ("float", "double", "half", "long", "int", "bool")
_MAKERS = ("rand", "randn", "zeros", "ones", "arange", "tensor", "full", "linspace", "eye", "empty")
_LOSSES = ("CrossEntropyLoss", "MSELoss", "BCELoss", "BCEWithLogitsLoss", "NLLLoss", "L1Loss", "SmoothL1Loss", "cross_entropy", "mse_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "nll_loss", "l1_loss")
_RELATIVES = {
    "squeeze": ("unsqueeze",), "unsqueeze": ("squeeze",), "view": ("permute", "expand"), "reshape": ("expand", "repeat"), "permute": ("view", "reshape"), "transpose": ("flatten", "permute"),
    "cat": ("stack",), "stack": ("cat",), "mm": ("bmm", "mul"), "bmm": ("mm",), "matmul": ("dot", "mul", "mm"), "sum": ("argmax", "max"), "mean": ("argmax", "max", "sum"),
    "randn": ("ones", "randperm"), "rand": ("zeros", "arange"), "zeros": ("arange", "randn"), "randint": ("rand",), "Linear": ("Conv1d", "Embedding"), "Conv2d": ("Conv1d", "Linear", "ConvTranspose2d"),
    "Conv1d": ("Conv2d",), "BatchNorm2d": ("BatchNorm1d",), "BatchNorm1d": ("BatchNorm2d",), "MaxPool2d": ("MaxPool1d",), "relu": ("softmax",), "LSTM": ("GRU",), "GRU": ("LSTM",),
    "CrossEntropyLoss": ("MSELoss", "NLLLoss", "BCEWithLogitsLoss"), "MSELoss": ("CrossEntropyLoss", "BCELoss"), "BCEWithLogitsLoss": ("CrossEntropyLoss", "BCELoss"), "cross_entropy": ("mse_loss",), "mse_loss": ("cross_entropy",),
    "item": ("numpy", "tolist"), "numpy": ("item",), "detach": ("item",),
}  # fmt: skip
_SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return)


def _last(func: ast.expr) -> str:
    """The last name of what is called."""
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def _is_int(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _number(node: ast.expr) -> int | None:
    """A whole number as it is written, with its sign."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
            return -number
    return None


def _with_arguments(source: Source, call: ast.Call, arguments: list[str]) -> Injection:
    return source.put(call, f"{source.text(call.func)}({', '.join(arguments)})")


def _arguments(source: Source, call: ast.Call) -> list[str]:
    named = [f"{each.arg}={source.text(each.value)}" if each.arg else f"**{source.text(each.value)}" for each in call.keywords]
    return [*map(source.text, call.args), *named]


def number_changed(source: Source) -> Iterator[Injection]:
    """A whole number among the arguments of a call, or in an index."""
    for node in ast.walk(source.tree):
        within = [*node.args, *(each.value for each in node.keywords)] if isinstance(node, ast.Call) else [node.slice] if isinstance(node, ast.Subscript) else []
        for each in within:
            for number in ast.walk(each) if isinstance(each, ast.Tuple | ast.List | ast.BinOp | ast.Constant) else ():
                match number:
                    case ast.Constant(value=int() as value) if _is_int(number):
                        yield from (source.put(number, str(other)) for other in {value + 1, value * 2 + 1, max(value - 1, 0)} - {value})


def dim_changed(source: Source) -> Iterator[Injection]:
    for call in _calls(source):
        named = [each.value for each in call.keywords if each.arg in _DIMS]
        listed = [item for each in call.args for item in (each.elts if isinstance(each, ast.Tuple | ast.List) else [each])] if _last(call.func) in _OF_DIMS else []
        for each in [*named, *listed]:
            dim = _number(each)
            if dim is not None:
                yield from (source.put(each, str(other)) for other in (dim + 1, dim + 2, -dim - 1) if other != dim)


def dtype_changed(source: Source) -> Iterator[Injection]:
    """A dtype by name, a conversion, or a tensor made in another dtype than the default."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=ast.Name(id="torch"), attr=name) if name in _DTYPES:
                yield from (source.put(node, f"torch.{other}") for other in _DTYPES if other != name)
            case ast.Call(func=ast.Attribute(attr=name, value=receiver), args=[], keywords=[]) if name in _CONVERSIONS:
                yield from (source.put(node, f"{source.text(receiver)}.{other}()") for other in _CONVERSIONS if other != name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr=name), keywords=keywords) if name in _MAKERS and all(each.arg != "dtype" for each in keywords):
                dtypes = ("float64",) if name in ("rand", "randn") else ("float64", "int64", "int32")
                yield from (_with_arguments(source, node, [*_arguments(source, node), f"dtype=torch.{other}"]) for other in dtypes)


def argument_removed(source: Source) -> Iterator[Injection]:
    for call in _calls(source):
        arguments = _arguments(source, call)
        if _last(call.func) != "print":
            yield from (_with_arguments(source, call, arguments[:place] + arguments[place + 1 :]) for place in range(len(arguments)))


def argument_added(source: Source) -> Iterator[Injection]:
    for call in _calls(source):
        before, after = list(map(source.text, call.args)), _arguments(source, call)[len(call.args) :]
        for more in ("1", "dim=1", "keepdim=True", "bias=False", "None"):
            name, named, _ = more.partition("=")
            if _last(call.func) != "print" and all(each.arg != name for each in call.keywords):
                yield _with_arguments(source, call, [*before, *after, more] if named else [*before, more, *after])


def arguments_swapped(source: Source) -> Iterator[Injection]:
    for call in _calls(source):
        match call.args:
            case [first, second, *_] if source.text(first) != source.text(second):
                arguments = _arguments(source, call)
                yield _with_arguments(source, call, [arguments[1], arguments[0], *arguments[2:]])


def _suites(source: Source) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(source.tree):
        for name in ("body", "orelse", "finalbody"):
            suite = getattr(node, name, None)
            if isinstance(suite, list):
                yield suite


def statements_swapped(source: Source) -> Iterator[Injection]:
    for suite in _suites(source):
        for one, other in pairwise(suite):
            if isinstance(one, _SIMPLE) and isinstance(other, _SIMPLE) and one.end_lineno != other.lineno:
                between = source.data[source.end(one) : source.start(other)].decode()
                yield Injection(source.start(one), source.end(other), f"{source.text(other)}{between}{source.text(one)}", one.lineno)


def line_removed(source: Source) -> Iterator[Injection]:
    for suite in _suites(source):
        yield from (source.put(each, "pass") for each in suite if isinstance(each, _SIMPLE))


def line_repeated(source: Source) -> Iterator[Injection]:
    for suite in _suites(source):
        for each in suite:
            if isinstance(each, ast.Expr | ast.Assign | ast.AugAssign):
                yield source.put(each, f"{source.text(each)}\n{' ' * each.col_offset}{source.text(each)}")


def features_changed(source: Source) -> Iterator[Injection]:
    """The numbers that say how many features or channels a layer takes and gives."""
    for call in _calls(source):
        if _last(call.func) in _FEATURED:
            for each in [*call.args[:2], *(keyword.value for keyword in call.keywords if keyword.arg in _FEATURES)]:
                number = _number(each)
                if number is not None:
                    yield from (source.put(each, str(other)) for other in {number + 1, number * 2, max(number // 2, 1)} - {number})


def reduction_changed(source: Source) -> Iterator[Injection]:
    for call in _calls(source):
        if _last(call.func) in _LOSSES:
            kept = [each for each in _arguments(source, call) if not each.startswith("reduction=")]
            yield from (_with_arguments(source, call, [*kept, f'reduction="{way}"']) for way in ("none", "sum", "mean"))


def name_misspelt(source: Source) -> Iterator[Injection]:
    """An attribute's name with two letters changed about, without its last one, or with another first one."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=receiver, attr=name) if len(name) > 3 and not name.startswith("__"):
                for other in (name[:2] + name[3] + name[2] + name[4:], name[:-1], name.swapcase()[0] + name[1:]):
                    if other != name:
                        yield source.put(node, f"{source.text(receiver)}.{other}")


def relative_called(source: Source) -> Iterator[Injection]:
    """`squeeze` for `unsqueeze`, `Conv1d` for `Conv2d`, and their like."""
    for call in _calls(source):
        if isinstance(call.func, ast.Attribute):
            for other in _RELATIVES.get(call.func.attr, ()):
                yield source.put(call.func, f"{source.text(call.func.value)}.{other}")


def call_dropped(source: Source) -> Iterator[Injection]:
    """`x.relu` for `x.relu()`, and `x` for `f(x)`."""
    for call in _calls(source):
        if not call.args and not call.keywords:
            yield source.put(call, source.text(call.func))
        if len(call.args) == 1 and isinstance(call.func, ast.Attribute) and _last(call.func) != "print":
            yield source.put(call, source.text(call.args[0]))
        if isinstance(call.func, ast.Attribute) and not isinstance(call.func.value, ast.Name):
            yield source.put(call, source.text(call.func.value))


def operator_changed(source: Source) -> Iterator[Injection]:
    others: dict[type[ast.operator], tuple[str, ...]] = {ast.MatMult: ("*", "+"), ast.Mult: ("@", "+"), ast.Add: ("@", "*"), ast.Sub: ("@",), ast.Div: ("//", "@")}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.BinOp) and not isinstance(node.left, ast.Constant):
            yield from (source.put(node, f"({source.text(node.left)}) {other} ({source.text(node.right)})") for other in others.get(type(node.op), ()))


def cut_or_marked(source: Source) -> Iterator[Injection]:
    """A tensor that is passed on without its graph, or a maker whose tensor is to have one."""
    for call in _calls(source):
        match call:
            case ast.Call(func=ast.Attribute(attr="backward", value=receiver)):
                yield source.put(receiver, f"{source.text(receiver)}.detach()")
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr=name), keywords=keywords) if name in _MAKERS and all(each.arg != "requires_grad" for each in keywords):
                yield _with_arguments(source, call, [*_arguments(source, call), "requires_grad=True"])
    for node in ast.walk(source.tree):
        match node:
            case ast.keyword(arg="requires_grad", value=ast.Constant(value=bool() as flag) as value):
                yield source.put(value, str(not flag))


def _trap(source: Source) -> Iterator[Injection]:
    for trap, _ in TRAPS.values():
        yield from trap(source)


KINDS: dict[str, Trap] = {
    "a number changed": number_changed,
    "a dim changed": dim_changed,
    "a dtype changed": dtype_changed,
    "an argument removed": argument_removed,
    "an argument added": argument_added,
    "two arguments swapped": arguments_swapped,
    "two statements swapped": statements_swapped,
    "a line removed": line_removed,
    "a line repeated": line_repeated,
    "a layer's features changed": features_changed,
    "a reduction changed": reduction_changed,
    "a name misspelt": name_misspelt,
    "a relative called instead": relative_called,
    "a call dropped": call_dropped,
    "an operator changed": operator_changed,
    "a graph cut or asked for": cut_or_marked,
    "a trap of traps.py": _trap,
}


def mutants(text: str, most: int, chance: Random) -> Iterator[tuple[str, str]]:
    """At most so many other texts of a program's file, each with its kind: kinds are drawn first, so that those with few places have their share.

    Raises SyntaxError where the text is no Python.
    """
    data = text.encode()
    source = Source.of(data, data)
    waiting = {kind: list(dict.fromkeys(find(source))) for kind, find in KINDS.items()}
    seen = {text}
    while most and (kinds := [kind for kind, places in waiting.items() if places]):
        kind = chance.choice(kinds)
        at = waiting[kind].pop(chance.randrange(len(waiting[kind])))
        other = (data[: at.start] + at.text.encode() + data[at.end :]).decode()
        if other not in seen and _compiles(other):
            seen.add(other)
            most -= 1
            yield kind, other


def _compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "mutant", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True
