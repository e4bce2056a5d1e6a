"""What a module's state dict holds, by key."""

from __future__ import annotations

from torchlint.analysis.values.abstract import FALSE, Class, Instance, Tensor, Value
from torchlint.analysis.values.classes import children, is_buffer, is_module, layer_of
from torchlint.analysis.values.inspection import whole_number
from torchlint.analysis.values.registration import registered_otherwise
from torchlint.analysis.values.store import ENTRIES, ITEMS
from torchlint.torch_api.dims import Shape
from torchlint.torch_api.parameters import has_parameter, parameter_shape
from torchlint.torch_api.state import state_names

_MOST = 256


def state_of(module: Instance) -> dict[str, Tensor] | None:
    """The tensors of a module's state dict by key; None where not all are known."""
    found: dict[str, Tensor] = {}
    return found if _collect(module, "", found, 12) else None


def _collect(module: Instance, prefix: str, found: dict[str, Tensor], depth: int) -> bool:
    own = _own_state(module)
    if own is None or depth < 0 or len(found) > _MOST:
        return False
    found.update({prefix + name: value for name, value in own.items()})
    if module.store.get(ITEMS, ()) is None or module.store.get(ENTRIES, {}) is None:
        return False
    seen: set[str] = set()
    for name, child in children(module):
        if name in seen or not _collect(child, f"{prefix}{name}.", found, depth - 1):
            return False
        seen.add(name)
    return True


def _own_state(module: Instance) -> dict[str, Tensor] | None:
    """The tensors that a module keeps itself; None where they are not known."""
    if isinstance(module.cls, Class):
        if registered_otherwise(module):
            return None
        layer = layer_of(module)
        if layer is not None and not layer.container:
            return None
        return {name: held for name, held in module.store.items() if isinstance(name, str) and isinstance(held, Tensor) and (held.parameter or is_buffer(module, name))}
    names = _names(module)
    return None if names is None else {name: Tensor(shape=_shape(module, name), op="state") for name in names}


def _names(module: Instance) -> tuple[str, ...] | None:
    if not isinstance(module.cls, str) or not module.cls.startswith("torch.nn."):
        return None

    def on(argument: str) -> bool:
        return module.arguments.get(argument) != FALSE

    return state_names(module.cls, bias=on("bias"), affine=on("affine") and on("elementwise_affine"), statistics=on("track_running_stats"))


def _shape(module: Instance, name: str) -> Shape:
    if not isinstance(module.cls, str) or not has_parameter(module.cls, name):
        return None

    weight = parameter_shape(module.cls, "weight", lambda argument: whole_number(module.arguments.get(argument)))
    # These layers have a bias for each row of the weight.
    return weight if name == "weight" or weight is None else weight[:1]


def has_key(module: Instance, key: str) -> bool | None:
    """Whether a module's state dict holds a key, by walking along its dots; None where that is not known."""
    value: Value | None = module
    *path, last = key.split(".")
    for index, name in enumerate(path):
        if not isinstance(value, Instance) or not is_module(value):
            return None
        dotted = ".".join([*path[: index + 1]])
        known = dict(children(value))
        value = known.get(name) or module.store.get(("part", dotted))
        if value is None and not _library(module):
            return None
        value = value if isinstance(value, Instance) else module
    if not isinstance(value, Instance):
        return None
    own = _own_state(value)
    return None if own is None else last in own


def _library(module: Instance) -> bool:
    """Whether a module is of a package that is not read, so that only the parts that the program sets are known."""
    return isinstance(module.cls, str) and not module.cls.startswith("torch.nn.")
