"""Averages of models, of torch.optim.swa_utils: modules that hold a copy of a model, and give what that gives."""

from __future__ import annotations

from torchlint.analysis.library.handlers import LibraryCall, handles, handles_method
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.values.abstract import NONE, UNKNOWN, Instance, Library, LibraryMethod, Value
from torchlint.analysis.values.store import ModuleStore
from torchlint.torch_api.layers import AVERAGED

_ORDER = ("model", "device", "avg_fn", "multi_avg_fn", "use_buffers")


@handles(AVERAGED)
def _averaged_model(call: LibraryCall) -> Value:
    machine = call.machine
    arguments: dict[str | int, Value] = {}
    arguments.update(zip(_ORDER, call.positional, strict=False))
    arguments.update(call.keywords)
    held = machine.call(Library("copy.deepcopy"), (arguments.get("model", UNKNOWN),), {}, call.node)
    device = arguments.get("device", NONE)
    if device != NONE:
        held = machine.call(LibraryMethod(held, "to"), (device,), {}, call.node)
    instance = Instance(call.name, ModuleStore(), arguments, machine.site(call.node), machine.frame, machine.arms)
    # Every call makes another one: what a function made before must not be given out again.
    machine.trail.version += 1
    machine.trail.set(instance.store, "module", held)
    emit_call(machine, call.name, None, arguments, call.positional, instance, call.node)
    return instance


@handles_method(f"{AVERAGED}.update_parameters")
def _update_parameters(average: Instance, call: LibraryCall) -> Value:
    """The average takes in the model's weights: no optimizer steps, and the model stays as it is."""
    return NONE
