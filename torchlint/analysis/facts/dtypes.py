"""The dtypes that modules take and hold."""

from __future__ import annotations

from torchlint.analysis.values.abstract import FALSE, Instance, Library, Tensor
from torchlint.analysis.values.classes import layer_of
from torchlint.analysis.values.devices import module_device
from torchlint.analysis.values.store import CAST
from torchlint.torch_api.dtypes import dtype_of


def weight_dtype(module: Instance) -> str | None:
    """The dtype of the weights that a layer multiplies its input with; None where it is not known, or on the meta device, where any will do."""
    found = layer_of(module)
    if found is None or not found.parameters or not takes_floats(module) or CAST in module.store or module_device(module) == "meta":
        return None
    weight, dtype = module.store.get("weight"), module.arguments.get("dtype")
    if isinstance(weight, Tensor):
        return weight.dtype
    return "float32" if dtype is None else dtype_of(dtype.name) if isinstance(dtype, Library) else None


def takes_floats(module: Instance) -> bool:
    """Whether a module is a layer of torch that has no version for integers."""
    found = layer_of(module)
    if found is None or not isinstance(module.cls, str) or "Embedding" in found.name:
        return False
    if not found.parameters:
        return "softm" in found.activation
    return FALSE not in (module.arguments.get("affine"), module.arguments.get("elementwise_affine"))
