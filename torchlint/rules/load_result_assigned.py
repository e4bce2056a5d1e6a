"""TL601: `load_state_dict` changes the object and returns a report."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.assignments import left_alone, named_first
from torchlint.analysis.facts.checkpoints import LoadResultUsed
from torchlint.analysis.facts.statements import Assignment, AttributeAssignment
from torchlint.analysis.values.abstract import Instance, Value
from torchlint.analysis.values.building import made_at
from torchlint.analysis.values.written.expressions import has_no_name, is_assigned, receiver
from torchlint.diagnostic import Finding
from torchlint.rule import rule

_MESSAGE = (
    "`load_state_dict` changes the object in place and returns a report of keys (None for optimizers): this name no longer "
    "stands for the object; call it as a statement of its own"
)


@rule("TL601", words=("load_state_dict",), about=(Instance,))
def load_result_assigned(assignment: Assignment) -> Iterator[Finding]:
    yield from _assigned(assignment, assignment.value)


@rule("TL601", words=("load_state_dict",), about=(Instance,))
def load_result_on_self(assignment: AttributeAssignment) -> Iterator[Finding]:
    yield from _assigned(assignment, assignment.value)


@rule("TL601", words=("load_state_dict",))
def load_result_used(use: LoadResultUsed) -> Iterator[Finding]:
    yield use.flag(_MESSAGE, at=use.site.statement, related=((use.use, "it is used here as if it were the object"),))


def _assigned(assignment: Assignment | AttributeAssignment, value: Value) -> Iterator[Finding]:
    if not isinstance(value, Instance) or value.cls != "torch.LoadResult" or value.site is None:
        return
    target, call = assignment.site, value.site
    model = receiver(call)
    if model is None or not is_assigned(call) or not call.statement.same(target.statement):
        return
    if model.text == target.text:
        yield assignment.flag(_MESSAGE, at=call.statement, fix=left_alone(call, "Call it as a statement"))
    elif has_no_name(model) and made_at(value.arguments.get("of"), model):
        yield assignment.flag(_MESSAGE, at=call.statement, fix=named_first(target, call, "Name the object first"))
