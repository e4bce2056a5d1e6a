"""Python, put together: what runs each kind of statement and expression."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from torchlint.analysis.interpreter.attributes import attribute
from torchlint.analysis.interpreter.calls import call_expression, call_value
from torchlint.analysis.interpreter.comprehensions import comprehension, dict_comprehension
from torchlint.analysis.interpreter.contexts import run_raise, run_try, run_with
from torchlint.analysis.interpreter.expressions import EXPRESSIONS
from torchlint.analysis.interpreter.files import global_value, run_file
from torchlint.analysis.interpreter.importing import run_import
from torchlint.analysis.interpreter.loops import run_break, run_continue, run_for, run_while
from torchlint.analysis.interpreter.statements import STATEMENTS, assign
from torchlint.analysis.interpreter.subscripts import subscript
from torchlint.analysis.machine.machine import Language, Machine, Packages


def execute(machine: Machine, body: Sequence[ast.stmt]) -> bool:
    """Run statements in order, each at its cost; whether control comes out at the end."""
    cost, statements = machine.frame.cost, machine.language.statements
    for node in body:
        machine.budget -= cost
        run = statements.get(type(node))
        if run is not None and not run(machine, node):
            return False
    return True


def python(packages: Packages) -> Language:
    """Python as this interpreter runs it, with these packages beside it."""
    return Language(
        statements={
            **STATEMENTS,
            ast.For: run_for,
            ast.AsyncFor: run_for,
            ast.While: run_while,
            ast.With: run_with,
            ast.AsyncWith: run_with,
            ast.Try: run_try,
            ast.TryStar: run_try,
            ast.Raise: run_raise,
            ast.Break: run_break,
            ast.Continue: run_continue,
            ast.Import: run_import,
            ast.ImportFrom: run_import,
        },
        expressions={
            **EXPRESSIONS,
            ast.Call: call_expression,
            ast.Subscript: subscript,
            ast.ListComp: comprehension,
            ast.SetComp: comprehension,
            ast.GeneratorExp: comprehension,
            ast.DictComp: dict_comprehension,
        },
        execute=execute,
        assign=assign,
        call=call_value,
        attribute=attribute,
        run_file=run_file,
        global_value=global_value,
        packages=packages,
    )
