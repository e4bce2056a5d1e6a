"""TL101: a tensor's size is a method."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import MethodNotCalled
from torchlint.analysis.values.abstract import Tensor
from torchlint.analysis.values.written.expressions import compared_with_number, name_span, subscripted
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule

_HARM = {
    "subscript": "`size` of a tensor is a method, and to subscript it raises a TypeError; use `shape`, or call `size()`",
    "attribute": "`size` of a tensor is a method and has no such attribute; use `shape`, or call `size()`",
    "arithmetic": "`size` of a tensor is a method, and arithmetic on it raises a TypeError; use `numel()` or `shape`",
    "comparison": "`size` of a tensor is a method, and compares equal to no number or shape; use `numel()` or `shape`",
}


@rule("TL101", words=("size",))
def size_not_called(used: MethodNotCalled) -> Iterator[Finding]:
    if used.name != "size" or not isinstance(used.receiver, Tensor) or used.use not in _HARM:
        return
    method = subscripted(used.site) if used.use == "subscript" else used.site
    span = name_span(method)
    text = "numel()" if used.use in ("arithmetic", "comparison") and compared_with_number(used.site) else "shape"
    fix = Fix(f"Replace `size` by `{text}`", (Edit(span, text),)) if span else None
    yield used.flag(_HARM[used.use], fix=fix)
