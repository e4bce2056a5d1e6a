"""Runs programs under torch, each in a fresh folder and a process of its own, as a script for any Python.

The interpreter that has torch need not have torchlint, so this file stands alone: standard library
only, Python 3.9 or newer. `python execution.py` reads one job a line from standard input and answers
each with one outcome a line, both JSON. On Linux, torch is imported once and every job is a fork.

A job: {"files": {name: text}, "raises": {name: [[row, class, part of the message], ...]}, "seconds": limit};
the last file is the script, the others are imported before it.
An outcome: {"problems": [[file, row, message], ...], "seconds": CPU time, "torch": its version or null,
"seen": [[file, row, what an assert found or a marked statement raised], ...]}.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import importlib.machinery
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import types
from typing import Any

# Dear imports that many programs share, done before the fork by the first job that has the word.
WARM = {
    "torch": "torch",
    "optim": "torch._dynamo",  # which a first optimizer step imports
    "torchvision": "torchvision",
    "numpy": "numpy",
    "matplotlib": "matplotlib.pyplot",
    "PIL": "PIL.Image",
}

Job = dict[str, Any]
Outcome = dict[str, Any]
Problem = tuple[str, int, str]


class Expecting(ast.NodeTransformer):
    """Wraps the statements that start or end on a marked row, so that one of them must raise.

    The innermost must raise whenever it runs; one around it may raise instead, before it gets there.
    """

    def __init__(self, tree: ast.Module, name: str, raises: list[list[Any]]) -> None:
        self.name = name
        self.chosen: dict[ast.stmt, tuple[list[Any], bool]] = {}
        for mark in raises:
            here = [
                node
                for node in ast.walk(tree)
                if isinstance(node, ast.stmt) and mark[0] in (node.lineno, node.end_lineno)
            ]
            if not here:
                raise SyntaxError("no statement starts or ends on this row", (name, mark[0], 1, ""))
            # ast.walk goes level by level, so the last one is the innermost.
            self.chosen = dict.fromkeys(here, (mark, False)) | self.chosen | {here[-1]: (mark, True)}

    def visit(self, node: ast.AST) -> Any:
        visited = self.generic_visit(node)
        if isinstance(node, ast.Assert):
            self.witness(node)
        if not isinstance(node, ast.stmt) or node not in self.chosen:
            return visited
        (row, error, part), innermost = self.chosen[node]
        where = f"{self.name!r}, {row}, {error!r}, {part!r}"
        (wrapped,) = ast.parse(
            f"try: pass\n"
            f"except {error} as _caught: __raised__({where}, _caught)\n"
            f"else: {f'__not_raised__({where})' if innermost else 'pass'}"
        ).body
        assert isinstance(wrapped, ast.Try)
        for each in ast.walk(wrapped):
            if hasattr(each, "lineno"):
                ast.copy_location(each, node)
        wrapped.body = [node]
        return wrapped

    def witness(self, node: ast.Assert) -> None:
        """Have an assert tell that it ran, and the numbers that it finds greater or less than others."""
        claim = ast.unparse(node.test)
        compared: list[ast.expr] = []

        def told(operand: ast.expr) -> ast.expr:
            if isinstance(operand, ast.Constant):
                return operand
            compared.append(operand)
            values: list[Any] = [self.name, node.lineno, claim, len(compared)]
            arguments = [*map(ast.Constant, values), operand]
            call = ast.Call(ast.Name("__seen__", ast.Load()), arguments, [])
            return ast.fix_missing_locations(ast.copy_location(call, operand))

        whole = node.test
        for test in whole.values if isinstance(whole, ast.BoolOp) else [whole]:
            if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
                test.left, *test.comparators = map(told, [test.left, *test.comparators])
        node.test = told(whole)


class Ledger:
    """What the marked statements of a running program did."""

    def __init__(self, job: Job) -> None:
        self.waiting = {(name, mark[0]) for name, marks in job["raises"].items() for mark in marks}
        self.problems: list[Problem] = []
        self.errors: dict[tuple[str, int], str] = {}
        self.claims: dict[tuple[str, int, str], dict[int, str]] = {}

    def seen(self, name: str, row: int, claim: str, number: int, value: Any) -> Any:
        """Note what an assert compares, and last whether it holds; of a loop, the last turn stays."""
        with contextlib.suppress(Exception):
            self.claims.setdefault((name, row, claim), {})[number] = brief(value)
        return value

    def told(self) -> list[Problem]:
        """What asserts compared and what was raised, by file and row."""
        told = [(*place, error) for place, error in self.errors.items()]
        for (name, row, claim), values in self.claims.items():
            known = ", ".join(value for _, value in sorted(values.items()) if value)
            told.append((name, row, f"{claim} ({known})" if known else claim))
        return sorted(told)

    def raised(self, name: str, row: int, error: str, part: str, caught: BaseException) -> None:
        self.waiting.discard((name, row))
        self.errors[name, row] = first_line(caught)
        if part not in str(caught):
            self.problems.append((name, row, f"raised {error}, but with another message: {caught}"))

    def not_raised(self, name: str, row: int, error: str, part: str) -> None:
        self.waiting.discard((name, row))
        self.problems.append((name, row, f"did not raise {error}"))

    def conclude(self) -> list[Problem]:
        never = [(name, row, "marked `# raises`, but never ran") for name, row in sorted(self.waiting)]
        return self.problems or never


def first_line(error: BaseException) -> str:
    """An exception as a traceback's end says it, without what follows its first line."""
    said = [each for each in str(error).split("\n") if each.strip()]
    return f"{type(error).__name__}: {said[0].strip()}" if said else type(error).__name__


def brief(value: Any) -> str:
    """A number in a few characters; "" for anything else."""
    if hasattr(value, "numel") and value.numel() == 1:
        value = value.item()
    if isinstance(value, (bool, str)):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else repr(value) if isinstance(value, int) else ""


def compiled(job: Job, name: str, source: str | bytes, path: str) -> types.CodeType:
    """The code of a file of the job, with its expected errors wrapped."""
    tree = ast.parse(source, path)
    marks = job["raises"].get(name, [])
    code = compile(Expecting(tree, name, marks).visit(tree), path, "exec")
    assert isinstance(code, types.CodeType)
    return code


def path_hook(job: Job, folder: str) -> Any:
    """A path hook that loads the job's modules, in `folder` and below, through `compiled`."""

    class Loader(importlib.machinery.SourceFileLoader):
        def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:  # type: ignore[override]
            return compiled(job, os.path.relpath(path, folder).replace(os.sep, "/"), data, path)

    find = importlib.machinery.FileFinder.path_hook((Loader, [".py"]))

    def hook(path: str) -> Any:
        inside = os.path.abspath(path)
        if inside != folder and not inside.startswith(folder + os.sep):
            raise ImportError(path)
        return find(path)

    return hook


def failed(job: Job, message: str) -> Outcome:
    """The outcome of a job that could not tell its own."""
    return {"problems": [(list(job["files"])[-1], 1, message)], "seconds": 0.0, "torch": None, "seen": []}


def run_here(job: Job) -> Outcome:
    """Run a job in this process, whose current folder is empty and which does nothing else after."""
    folder = os.getcwd()
    for name, text in job["files"].items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    sys.path.insert(0, folder)
    sys.path_hooks.insert(0, path_hook(job, folder))
    sys.argv = [list(job["files"])[-1]]
    ledger = Ledger(job)
    builtins.__seen__ = ledger.seen  # type: ignore[attr-defined]
    builtins.__raised__ = ledger.raised  # type: ignore[attr-defined]
    builtins.__not_raised__ = ledger.not_raised  # type: ignore[attr-defined]
    started = time.process_time()
    try:
        _run_files(job, folder)
        problems = ledger.conclude()
    except BaseException as error:
        problems = [*ledger.problems, _problem(job, folder, error)]
    torch = sys.modules.get("torch")
    return {
        "problems": problems,
        "seconds": time.process_time() - started,
        "torch": str(torch.__version__) if torch else None,
        "seen": ledger.told(),
    }


def _run_files(job: Job, folder: str) -> None:
    *modules, script = job["files"]
    for name in modules:
        dotted = name[: -len(".py")].replace("/", ".")
        importlib.import_module(dotted[: -len(".__init__")] if dotted.endswith(".__init__") else dotted)
    main = types.ModuleType("__main__")
    path = os.path.join(folder, script)
    main.__file__ = path
    sys.modules["__main__"] = main
    exec(compiled(job, script, job["files"][script], path), vars(main))


def _problem(job: Job, folder: str, error: BaseException) -> Problem:
    said = first_line(error)
    if isinstance(error, SyntaxError) and error.filename:
        return (os.path.relpath(error.filename, folder).replace(os.sep, "/"), error.lineno or 1, said)
    place, line = (list(job["files"])[-1], 1), ""
    for frame in traceback.extract_tb(error.__traceback__):
        name = os.path.relpath(frame.filename, folder).replace(os.sep, "/")
        if name in job["files"]:
            place = (name, frame.lineno or 1)
            line = (frame.line or "").strip()
    if isinstance(error, AssertionError) and not str(error):
        said = f"AssertionError: {line}"
    return (*place, said)


def warm(job: Job) -> None:
    """Import what the job will import anyway, so that later forks have it."""
    for word, name in WARM.items():
        if any(word in text for text in job["files"].values()):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def run_forked(job: Job) -> Outcome:
    """Run a job in a fork of this process, and kill it when its time is up."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="torchlint-"))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.chdir(folder)
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nothing, stream)
            os.write(writing, json.dumps(run_here(job)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    try:
        return _answer(job, child, reading)
    finally:
        os.close(reading)
        shutil.rmtree(folder, ignore_errors=True)


def _answer(job: Job, child: int, reading: int) -> Outcome:
    ready, _, _ = select.select([reading], [], [], job["seconds"])
    if not ready:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return failed(job, f"ran for over {job['seconds']} seconds")
    answer = b"".join(iter(lambda: os.read(reading, 65536), b""))
    _, status = os.waitpid(child, 0)
    if not answer:
        return failed(job, f"the process died, wait status {status}")
    outcome: Outcome = json.loads(answer)
    return outcome


def run_spawned(job: Job) -> Outcome:
    """Run a job in a new interpreter, where forking a process that holds torch is not safe."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="torchlint-"))
    try:
        done = subprocess.run(
            [sys.executable, os.path.abspath(__file__), "--once"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            cwd=folder,
            timeout=job["seconds"] + 30,
        )
    except subprocess.TimeoutExpired:
        return failed(job, f"ran for over {job['seconds']} seconds")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        outcome: Outcome = json.loads(done.stdout.rpartition("\n")[2])
    except ValueError:
        return failed(job, f"the process died with code {done.returncode}")
    return outcome


def main() -> None:
    """Answer jobs until standard input ends; with `--once`, run one job in this very process."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != here]
    sys.dont_write_bytecode = True
    if "--once" in sys.argv:
        outcome = run_here(json.load(sys.stdin))
        print("\n" + json.dumps(outcome), end="", flush=True)
        os._exit(0)
    for line in sys.stdin:
        job = json.loads(line)
        if sys.platform == "linux":
            warm(job)
            outcome = run_forked(job)
        else:
            outcome = run_spawned(job)
        print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main()
