"""The names under which the interpreter holds what torch makes of checkpoints: none of them is a class of torch."""

from __future__ import annotations

from torchlint.analysis.values.abstract import Instance, Value

STATE = "torch.StateDict"


LOADED = "torch.Loaded"


RESULT = "torch.LoadResult"


def is_state(value: Value) -> bool:
    """Whether a value is a state dict of a module, or what torch.load gave."""
    return isinstance(value, Instance) and value.cls in (STATE, LOADED)
