"""Run tests or a script and note what each expression of a project's files came to: the facts, as torch and Python have them.

usage: python observing.py --root FOLDER --into FILE [--seconds N] [--seed N] [--script FILE | TESTS …]

Knows nothing of torchlint, since it runs in the environment of the observed package. The project's files are imported
with `note(place, value)` around each expression, so that a value is looked at in the moment in which the program has it.
An observation holds the place, the way that led there (the calls of the project that were running, innermost first),
whether gradients were on, and the value's facts.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import importlib.machinery
import json
import os
import random
import runpy
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

import torch

_NOTE = "__torchlint_note__"
_NOTED = (
    ast.Name, ast.Attribute, ast.Call, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Subscript,
    ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp,
)  # fmt: skip
_TENSORS = (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer)
# Each place is looked at this often, then now and then; so many calls back, so many elements of a container.
_OFTEN, _SELDOM, _SEEN, _BACK, _ITEMS, _DEPTH = 150, 61, 80, 8, 4, 2
_LONGEST, _SMALL = 80, 4096
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


def place_of(path: str, node: ast.AST) -> str:
    """The name of an expression: its file, its span and its kind."""
    return f"{path}:{span_of(node)}:{type(node).__name__}"


def span_of(node: Any) -> str:
    """Where a node begins and ends, as a code object tells it too."""
    return f"{node.lineno}:{node.col_offset}:{node.end_lineno}:{node.end_col_offset}"


class Noting(ast.NodeTransformer):
    """Puts a note around each expression of a file whose value is used; annotations and patterns stay as they are."""

    def __init__(self, path: str, places: list[str]) -> None:
        self.path, self.places = path, places

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.pattern):
            return node
        for field, old in ast.iter_fields(node):
            if field in ("annotation", "returns"):
                continue
            if isinstance(old, list):
                old[:] = [self.visit(each) if isinstance(each, ast.AST) else each for each in old]
            elif isinstance(old, ast.AST):
                setattr(node, field, self.visit(old))
        if not isinstance(node, _NOTED) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return node
        if isinstance(node, ast.Tuple) and any(isinstance(each, ast.Slice | ast.Starred) for each in node.elts):
            return node
        self.places.append(place_of(self.path, node))
        call = ast.Call(ast.Name(_NOTE, ast.Load()), [ast.Constant(len(self.places) - 1), node], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))


class Observer:
    """What was seen, by place; a note gives back what it was given."""

    def __init__(self, root: str) -> None:
        self.root, self.places = root, list[str]()
        self.paths: dict[str, str | None] = {}
        self.times: Counter[int] = Counter()
        self.seen: defaultdict[int, set[tuple[int, bool, int]]] = defaultdict(set)
        # Each way and each set of facts, written once, by its text.
        self.ways: dict[str, int] = {}
        self.facts: dict[str, int] = {}
        self._spans: dict[CodeType, list[str]] = {}
        self._busy = False

    def compile(self, text: str | bytes, file: str) -> CodeType:
        """A file's code with the notes in it."""
        return compile(Noting(self.path_of(file) or file, self.places).visit(ast.parse(text)), file, "exec", dont_inherit=True)

    def path_of(self, file: str) -> str | None:
        """A file's path below the root; None for one that is elsewhere."""
        if file not in self.paths:
            whole = os.path.realpath(file)
            inside = whole.startswith(self.root + os.sep) and "site-packages" not in whole
            self.paths[file] = os.path.relpath(whole, self.root) if inside else None
        return self.paths[file]

    def note(self, place: int, value: Any) -> Any:
        times = self.times[place] = self.times[place] + 1
        if self._busy or (times > _OFTEN and times % _SELDOM) or len(self.seen[place]) >= _SEEN:
            return value
        self._busy = True
        try:
            # A context such as `with torch.device(…)` must not see what is asked of a tensor here.
            with torch._C.DisableTorchFunction():
                facts = facts_of(value)
            way = self.ways.setdefault(json.dumps(self._way(sys._getframe(1))), len(self.ways))
            self.seen[place].add((way, torch.is_grad_enabled(), self.facts.setdefault(json.dumps(facts), len(self.facts))))
        finally:
            self._busy = False
        return value

    def _way(self, frame: FrameType | None) -> tuple[list[str], list[str | None]]:
        """The calls of the project that are running, innermost first, and the class of `self`, or `cls`, in each of their functions."""
        way: list[str] = []
        selves: list[str | None] = []
        called = True
        while frame is not None and len(way) < _BACK:
            code = frame.f_code
            path = self.path_of(code.co_filename)
            if path is not None and not self._is_class_body(code):
                if not called:
                    way.append(f"{path}:{self._position(frame)}")
                # A comprehension is part of the function that it stands in.
                called = code.co_name in _COMPREHENSIONS
                if not called:
                    selves.append(_self_of(frame))
            frame = frame.f_back
        return way, selves

    def _position(self, frame: FrameType) -> str:
        code = frame.f_code
        if code not in self._spans:
            self._spans[code] = [f"{line}:{column}:{last}:{end}" for line, last, column, end in code.co_positions()]
        return self._spans[code][frame.f_lasti // 2]

    def _is_class_body(self, code: CodeType) -> bool:
        return "__qualname__" in code.co_names and not code.co_flags & 0x2 and code.co_name != "<module>"

    def write(self, into: str) -> None:
        """JSON: the ways, the facts, and of each place that ran the numbers of both and the gradient mode of each look."""
        tables = {"ways": [json.loads(each) for each in self.ways], "facts": [json.loads(each) for each in self.facts]}
        with open(into, "w") as file:
            json.dump(tables | {"places": {self.places[place]: sorted(seen) for place, seen in self.seen.items()}}, file)


def _self_of(frame: FrameType) -> str | None:
    code = frame.f_code
    name = code.co_varnames[0] if code.co_argcount else ""
    if name not in ("self", "cls"):
        return None
    held = frame.f_locals.get(name)
    return None if held is None else (held if isinstance(held, type) else type(held)).__qualname__


def facts_of(value: Any, depth: int = _DEPTH) -> dict[str, Any]:
    """A value's facts, asked in a way that runs no code of the program."""
    kind = type(value)
    facts: dict[str, Any] = {"class": [f"{each.__module__}.{each.__qualname__}" for each in kind.__mro__[:-1]]}
    if kind in (bool, int, float, str, bytes, complex, type(None), type(Ellipsis)):
        text = repr(value)
        facts["value"] = text if len(text) <= _LONGEST else None
        facts["truth"] = bool(value)
    elif kind in _TENSORS:
        facts |= _tensor(value)
    elif issubclass(kind, torch.nn.Module):
        facts["training"] = value.__dict__.get("training")
    elif issubclass(kind, tuple | list | set | frozenset):
        items = list(value) if kind in (tuple, list, set, frozenset, torch.Size) else None
        facts["length"] = len(value) if items is not None else None
        if items is not None and depth and not issubclass(kind, set | frozenset):
            facts["items"] = [facts_of(each, depth - 1) for each in items[:_ITEMS]]
    elif kind is dict:
        plain = all(type(key) in (str, int) for key in value)
        facts["keys"] = sorted(map(repr, value)) if plain and len(value) <= _LONGEST else None
        facts["length"] = len(value)
    elif issubclass(kind, type | FunctionType | MethodType | ModuleType):
        facts["name"] = kind.__getattribute__(value, "__name__") if not issubclass(kind, type) else type.__dict__["__name__"].__get__(value)
    elif kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        facts |= {"shape": list(value.shape), "dtype": str(value.dtype)}
    elif kind in (torch.dtype, torch.device, torch.layout):
        facts["name"] = str(value)
    return facts


def _tensor(value: torch.Tensor) -> dict[str, Any]:
    if torch._C._functorch.is_functorch_wrapped_tensor(value) or torch._C._get_tracing_state() is not None:
        return {}
    facts: dict[str, Any] = {"dtype": str(value.dtype).removeprefix("torch."), "device": value.device.type, "requires_grad": value.requires_grad, "leaf": value.is_leaf}
    if value.layout is not torch.strided or value.is_nested:
        return facts
    facts["shape"] = list(value.shape)
    if value.dtype.is_floating_point and 0 < value.numel() <= _SMALL and value.device.type == "cpu":
        with torch.no_grad():
            least, most = torch.aminmax(value.detach())
            facts["range"] = [float(least), float(most)]
    return facts


class Finder:
    """Imports the project's files with notes in them."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader) or not spec.origin or self.observer.path_of(spec.origin) is None:
            return None
        spec.loader = _Loader(spec.name, spec.origin, self.observer)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, observer: Observer) -> None:
        super().__init__(name, path)
        self._observer = observer

    def get_code(self, fullname: str) -> CodeType:
        return self._observer.compile(self.get_data(self.path), self.path)


class _Bounds:
    """A plugin of pytest: tests in an order drawn by chance, as many as there is time for, none of them for long."""

    def __init__(self, seconds: float, seed: int) -> None:
        self.end, self.seed, self.each = time.monotonic() + seconds, seed, max(int(seconds / 6), 5)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        random.Random(self.seed).shuffle(items)

    def pytest_runtest_setup(self, item: Any) -> None:
        torch.manual_seed(self.seed)
        signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(self.each)

    def pytest_runtest_logfinish(self) -> None:
        signal.alarm(0)

    def pytest_runtest_teardown(self, item: Any) -> None:
        if time.monotonic() > self.end:
            item.session.shouldstop = "no time is left"


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError("this takes too long to be observed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True)
    parser.add_argument("--into", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--script")
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args()
    into = os.path.abspath(arguments.into)
    torch.set_num_threads(1)
    observer = Observer(os.path.realpath(arguments.root))
    builtins.__dict__[_NOTE] = observer.note
    sys.meta_path.insert(0, Finder(observer))
    sys.path[:0] = [str(folder) for folder in (Path(arguments.root, "src"), Path(arguments.root)) if folder.is_dir()]
    owner, status = os.getpid(), 0
    try:
        if arguments.script:
            signal.signal(signal.SIGALRM, _too_long)
            signal.alarm(int(arguments.seconds))
            if observer.path_of(arguments.script) is None:
                runpy.run_path(arguments.script, run_name="__main__")
            else:
                main_module = ModuleType("__main__")
                main_module.__file__ = arguments.script
                exec(observer.compile(Path(arguments.script).read_bytes(), arguments.script), main_module.__dict__)
        else:
            import pytest

            os.chdir(arguments.root)
            quiet = ["-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", "--continue-on-collection-errors", "--tb=line", "-W", "ignore"]
            status = pytest.main([*quiet, *arguments.tests], plugins=[_Bounds(arguments.seconds, arguments.seed)])
    except TimeoutError as late:
        print(late, file=sys.stderr)
    finally:
        signal.alarm(0)
        if os.getpid() == owner:
            observer.write(into)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
