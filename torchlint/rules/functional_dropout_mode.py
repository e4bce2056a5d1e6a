"""TL210: `F.dropout` does not know that its module is in eval mode."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.values.abstract import UNKNOWN, Const, LibraryMethod, Unknown, Value
from torchlint.analysis.values.written.guards import parameters
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule

_DROPOUTS = frozenset(
    f"torch.nn.functional.{name}"
    for name in ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
)


@rule("TL210", words=("dropout",), calls=[name.rpartition(".")[2] for name in _DROPOUTS])
def functional_dropout_mode(call: Call) -> Iterator[Finding]:
    if call.name not in _DROPOUTS or "training" in call.arguments or call.module_frame is None:
        return
    if _never(call, call.arguments.get("p", Const(0.5))) or call.depends_on_mode:
        return
    yield call.flag(
        "functional dropout without `training=` drops in eval mode too, since its default is True: predictions are "
        "noisy; pass `training=self.training`",
        fix=_fix(call),
    )


def _never(call: Call, rate: Value) -> bool:
    """Whether nothing may be dropped: a rate of 0, one that depends, or one that the module's caller holds."""
    if isinstance(rate, Const):
        return not rate.value
    while isinstance(rate, LibraryMethod):
        # An attribute of what is not known: `args.dropout`.
        rate = rate.receiver
    if rate is UNKNOWN or not isinstance(rate, Unknown):
        return True
    frame = call.module_frame
    return frame is not None and any(frame.locals.get(name) is rate for name in parameters(frame))


def _fix(call: Call) -> Fix | None:
    return call.add_argument("training=self.training", "Follow the module's mode") if call.in_method_of_module else None
