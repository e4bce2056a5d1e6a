"""What torch itself would know while the program runs: its defaults, the module that is applied, what was changed behind its back."""

from __future__ import annotations

from dataclasses import dataclass, field

from torchlint.analysis.values.abstract import Frame, Tensor, Value
from torchlint.analysis.values.devices import DEFAULT
from torchlint.analysis.values.site import Site


@dataclass(slots=True, eq=False)
class TorchState:
    """torch's own state; a default is None where it is not known.

    `default_dtype` and `device_context` are those of what is made without either; `picking` are the files
    whose entries moved something to a device from outside, `freezing` says that layers are made with parameters that are not trained.
    `applying` counts the modules that are being applied, one inside another; `applied_at` is where the element of a
    Sequential was built that is being applied (`in_sequence`), and `layer_grads` holds whether gradients were on where
    layers with parameters were applied in it. `clock` counts the steps of optimizers. `written` are the files that were
    saved, by run, `overwritten` the tensors that were changed through `.data`, by identity, and where.
    """

    default_dtype: str | None = "float32"
    device_context: str | None = DEFAULT
    picking: set[str] = field(default_factory=set)
    freezing: bool = False
    applying: int = 0
    applied_at: Site | None = None
    in_sequence: bool = False
    layer_grads: set[bool | None] = field(default_factory=set)
    clock: int = 0
    written: list[tuple[Frame, Value]] = field(default_factory=list)
    overwritten: dict[int, tuple[Tensor, Site]] = field(default_factory=dict)
