"""TL405: a softmax that guesses its dimension, or normalises over the batch."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.places import replace
from torchlint.analysis.facts.calls import Call, Construction, ModuleCall
from torchlint.analysis.values.abstract import NONE, Const, Instance, Tensor, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import argument_of
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

_FUNCTIONS = frozenset(f"torch.nn.functional.{name}" for name in ("softmax", "log_softmax", "softmin"))
_MODULES = frozenset(f"torch.nn.{name}" for name in ("Softmax", "LogSoftmax", "Softmin"))
_WITH_DIM = frozenset({"torch.softmax", "torch.log_softmax", "torch.Tensor.softmax", "torch.Tensor.log_softmax"})
_WORDS = ("softmax|Softmax|softmin|Softmin",)
_MESSAGE = "without `dim`, {name} takes dim 0 of a 1-D or 3-D tensor and dim 1 of others, and warns; name the dimension"
_BATCH = "{name} over dim 0 of (N, C) scores makes the samples of a batch share one distribution; use `dim=1`"


@rule("TL405", words=_WORDS, calls=("softmax", "log_softmax", "softmin"))
def softmax_without_dim(call: Call) -> Iterator[Finding]:
    if call.name not in _FUNCTIONS | _WITH_DIM or not call.positional:
        return
    given, name = call.positional[0], call.name.rpartition(".")[2]
    dim = call.arguments.get("dim", NONE)
    rank = len(given.shape) if isinstance(given, Tensor) and given.shape is not None else None
    if call.name in _FUNCTIONS and dim == NONE and rank not in (0, 1):
        text = "dim=1" if rank == 4 else "dim=-1"
        yield call.flag(_MESSAGE.format(name=name), fix=_named(call, text), severity="error" if rank == 3 else "warning")
    elif dim == Const(0) and _scores_of_a_batch(given):
        yield call.flag(_BATCH.format(name=name), fix=_dim_one(call.argument_site(0 if "Tensor" in call.name else 1, "dim")))


@rule("TL405", words=_WORDS)
def softmax_module_without_dim(made: Construction) -> Iterator[Finding]:
    if made.name in _MODULES and made.arguments.get("dim", NONE) == NONE:
        yield made.flag(_MESSAGE.format(name=made.name.rpartition(".")[2]), fix=_named(made, "dim=-1"), severity="warning")


@rule("TL405", words=_WORDS)
def softmax_module_over_batch(call: ModuleCall) -> Iterator[Finding]:
    module = call.receiver
    if call.name not in _MODULES or not call.positional or not isinstance(module, Instance) or module.site is None:
        return
    if module.arguments.get("dim") == Const(0) and _scores_of_a_batch(call.positional[0]):
        fix = _dim_one(argument_of(module.site, 0, "dim"))
        yield call.flag(_BATCH.format(name=call.name.rpartition(".")[2]), at=module.site, fix=fix)


def _scores_of_a_batch(value: Value) -> bool:
    """Whether a tensor is what a linear layer made of a batch: (N, C) with several classes."""
    if not isinstance(value, Tensor) or value.activation is None or value.activation.kind != "linear":
        return False
    return value.shape is not None and len(value.shape) == 2 and isinstance(value.shape[1], int) and value.shape[1] > 1


def _named(call: Call, text: str) -> Fix | None:
    written = call.argument_site(1 if call.name in _FUNCTIONS else 0, "dim")
    if written is not None:
        return replace(written, text.removeprefix("dim="), "Name the dimension", "unsafe")
    return call.add_argument(text, "Name the dimension", "unsafe") if call.plain else None


def _dim_one(written: Site | None) -> Fix | None:
    return replace(written, "1", "Use dim 1", "unsafe") if written is not None else None
