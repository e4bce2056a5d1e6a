"""Facts of a program's variables in short words, for the tests of the interpreter."""

from __future__ import annotations

import sys
import textwrap

from torchlint.analysis.interpret import machine_for
from torchlint.analysis.values.abstract import Const, Instance, OneOf, Size, Tensor, Tuple, Value
from torchlint.lint.linter import lint
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import all_rules
from torchlint.syntax.tree import parse
from torchlint.torch_api.dims import show_shape

HEADER = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def values(*texts: str, **files: str) -> dict[str, Value]:
    """The globals of `main.py` (the positional text) after a program was interpreted."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 12_000))
    named = {f"{name.replace('__', '/', 1)}.py": textwrap.dedent(text) for name, text in files.items()}
    named["main.py"] = HEADER + textwrap.dedent("\n".join(texts))
    sources = {path: Source(path, text) for path, text in named.items()}
    trees = {path: parse(source) for path, source in sources.items()}
    machine = machine_for(Program(sources, frozenset(sources)), trees)
    machine.run_file("main.py")
    return {str(name): value for name, value in machine.files["main.py"].globals.items() if isinstance(value, Value)}


def told(value: Value | None) -> str:
    """A value in a few words: "(2, 3) softmax", "4", "Linear eval", "?"."""
    match value:
        case Tensor():
            activation = value.activation.kind if value.activation else "?"
            return f"{show_shape(value.shape)} {activation}"
        case Const():
            return repr(value.value)
        case Size():
            return str(value.dim)
        case Instance():
            name = value.cls.rpartition(".")[2] if isinstance(value.cls, str) else value.cls.name
            mode = {True: "train", False: "eval", None: "?"}[value.store.get("training", True)]
            return f"{name} {mode}"
        case Tuple():
            return "(" + ", ".join(told(item) for item in value.items) + ")"
        case OneOf():
            return " | ".join(sorted(told(each) for each in value.alternatives))
    return "?"


def x(*texts: str, **files: str) -> str:
    """What is known of the variable `x` at the end of a program."""
    return told(values(*texts, **files).get("x"))


def reports(text: str, **files: str) -> list[str]:
    """What all rules report of `main.py` in a program with other files, by name: each code with the line it is about."""
    program = HEADER + textwrap.dedent(text)
    sources = {f"{name}.py": Source(f"{name}.py", other) for name, other in files.items()} | {"main.py": Source("main.py", program)}
    lines = program.splitlines()
    found = lint(Program(sources, frozenset(sources)), all_rules())
    return [f"{each.code} {lines[each.place.span.start.row - 1].strip()}" for each in found if each.place.path == "main.py"]


def levels(text: str) -> list[str]:
    """What all rules report of a program, by level: each code with "error" or "warning"."""
    source = Source("main.py", HEADER + textwrap.dedent(text))
    return [f"{each.code} {each.severity}" for each in lint(Program({source.path: source}, frozenset({source.path})), all_rules())]
