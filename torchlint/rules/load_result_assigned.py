"""TL601: `load_state_dict` changes the object and returns a report."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.edits.places import statement_of
from torchlint.analysis.facts.checkpoints import LoadResultUsed
from torchlint.analysis.facts.statements import Assignment, AttributeAssignment
from torchlint.analysis.values.abstract import Instance, Value
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Edit, Finding, Fix, Span
from torchlint.rule import rule

_MESSAGE = (
    "`load_state_dict` changes the object in place and returns a report of keys (None for optimizers): this name no longer "
    "stands for the object; call it as a statement of its own"
)


@rule("TL601", words=("load_state_dict",), about=(Instance,))
def load_result_assigned(assignment: Assignment) -> Iterator[Finding]:
    yield from _assigned(assignment, assignment.value)


@rule("TL601", words=("load_state_dict",))
def load_result_on_self(assignment: AttributeAssignment) -> Iterator[Finding]:
    yield from _assigned(assignment, assignment.value)


@rule("TL601", words=("load_state_dict",))
def load_result_used(use: LoadResultUsed) -> Iterator[Finding]:
    yield use.flag(_MESSAGE, at=statement_of(use.site), related=((use.use, "it is used here as if it were the object"),))


def _assigned(assignment: Assignment | AttributeAssignment, value: Value) -> Iterator[Finding]:
    if not isinstance(value, Instance) or value.cls != "torch.LoadResult" or value.site is None:
        return
    statement, call = statement_of(assignment.site), value.site.node
    if not isinstance(statement.node, ast.Assign) or statement.node.value is not call or len(statement.node.targets) != 1:
        return
    receiver = _receiver(statement, call)
    if receiver is None:
        return
    target = assignment.site.text
    if receiver.text == target:
        span = Span(statement.span.start, value.site.span.start)
        yield assignment.flag(_MESSAGE, at=statement, fix=Fix("Call it as a statement", (Edit(span, ""),)))
    elif _made_here(receiver.node):
        indent = statement.tree.lines[statement.row - 1][: statement.span.start.column - 1]
        end = receiver.span.end
        yield assignment.flag(_MESSAGE, at=statement, fix=Fix("Name the object first", (Edit(Span(end, end), f"\n{indent}{target}"),)))


def _receiver(statement: Site, call: ast.AST) -> Site | None:
    return statement.at(call.func.value) if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None


def _made_here(node: ast.AST) -> bool:
    """Whether an object has no other name: it is made in the expression, perhaps moved at once."""
    return isinstance(node, ast.Call) and not (isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name | ast.Attribute) and node.func.attr in ("to", "cuda", "train", "eval"))
