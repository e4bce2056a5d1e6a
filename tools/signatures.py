"""Write torchlint/torch_api/signatures.py from the torch and torchvision that are installed.

usage: python tools/signatures.py > torchlint/torch_api/signatures.py
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.overrides
import torch.utils.checkpoint
import torch.utils.data
import torchvision
from torchvision import datasets, transforms
from torchvision.transforms import v2

# Builtins whose parameters torch itself tells nowhere in a form that a program can read.
BY_HAND = {
    "torch.tensor": "data, *, dtype, device, requires_grad, pin_memory",
    "torch.as_tensor": "data, dtype, device",
    "torch.asarray": "obj, *, dtype, device, copy, requires_grad",
    "torch.from_numpy": "ndarray",
    "torch.arange": "*arange, dtype, layout, device, requires_grad",
    "torch.linspace": "start, end, steps, *, dtype, layout, device, requires_grad",
    "torch.logspace": "start, end, steps, base, *, dtype, layout, device, requires_grad",
    "torch.eye": "n, m, *, dtype, layout, device, requires_grad",
    "torch.full": "size, fill_value, *, dtype, layout, device, requires_grad",
    "torch.randint": "*randint, dtype, layout, device, requires_grad, generator",
    "torch.randperm": "n, *, dtype, layout, device, requires_grad, generator",
    "torch.normal": "mean, std, size, *, generator, device, dtype, requires_grad",
    "torch.Tensor.requires_grad_": "self, requires_grad",
    "torch.Tensor.to": "self, *to, device, dtype, non_blocking, copy, memory_format",
    "torch.Tensor.view": "self, *shape",
    "torch.Tensor.reshape": "self, *shape",
    "torch.Tensor.permute": "self, *dims",
    "torch.Tensor.repeat": "self, *sizes",
    "torch.Tensor.tile": "self, *dims",
    "torch.Tensor.expand": "self, *sizes",
    "torch.Tensor.flip": "self, *dims",
    "torch.Tensor.size": "self, dim",
    "torch.Tensor.squeeze": "self, dim",
    "torch.squeeze": "input, dim",
    "torch.Tensor.max": "self, dim, keepdim",
    "torch.Tensor.min": "self, dim, keepdim",
    "torch.max": "input, dim, keepdim, *, out",
    "torch.min": "input, dim, keepdim, *, out",
    "torch.Tensor.argmax": "self, dim, keepdim",
    "torch.Tensor.argmin": "self, dim, keepdim",
    "torch.argmax": "input, dim, keepdim",
    "torch.argmin": "input, dim, keepdim",
    "torch.Tensor.backward": "self, gradient, retain_graph, create_graph, inputs",
    "torch.Tensor.numpy": "self, *, force",
    "torch.Tensor.transpose": "self, dim0, dim1",
    "torch.transpose": "input, dim0, dim1",
    "torch.Tensor.new_tensor": "self, data, *, dtype, device, requires_grad",
    "torch.Tensor.new_full": "self, size, fill_value, *, dtype, device, requires_grad",
    "torch.Tensor.softmax": "self, dim, dtype",
    "torch.Tensor.log_softmax": "self, dim, dtype",
    "torch.einsum": "equation, *operands",
    "torch.no_grad": "orig_func",
    "torch.set_grad_enabled": "mode",
    "torch.inference_mode": "mode",
    **{
        f"torch.{name}": "*size, out, dtype, layout, device, requires_grad, pin_memory, generator"
        for name in ("zeros", "ones", "empty", "rand", "randn")
    },
    **{
        f"torch.{name}_like": "input, *, dtype, layout, device, requires_grad, memory_format"
        for name in ("zeros", "ones", "empty", "rand", "randn")
    },
    **{
        f"torch.Tensor.new_{name}": "self, *size, dtype, device, requires_grad"
        for name in ("zeros", "ones", "empty")
    },
}


def written(target: Callable[..., Any]) -> str | None:
    """The parameters' names, `*` before the variadic one or the first keyword-only one."""
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (ValueError, TypeError):
        return None
    names: list[str] = []
    starred = False
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names.append("*" + parameter.name)
            starred = True
        elif parameter.kind is parameter.VAR_KEYWORD:
            names.append("**" + parameter.name)
        else:
            if parameter.kind is parameter.KEYWORD_ONLY and not starred:
                names.append("*")
                starred = True
            names.append(parameter.name)
    return ", ".join(names)


def classes() -> Iterator[tuple[str, str]]:
    groups = [
        ("torch.nn", torch.nn, torch.nn.Module),
        ("torch.optim", torch.optim, torch.optim.Optimizer),
        ("torch.optim.lr_scheduler", torch.optim.lr_scheduler, torch.optim.lr_scheduler.LRScheduler),
        ("torch.utils.data", torch.utils.data, object),
        ("torchvision.transforms", transforms, object),
        ("torchvision.transforms.v2", v2, object),
        ("torchvision.datasets", datasets, object),
    ]
    for prefix, module, base in groups:
        for name, cls in sorted(vars(module).items()):
            known = inspect.isclass(cls) and issubclass(cls, base) and not name.startswith("_")
            if known and getattr(cls, "__module__", "").split(".")[0] in ("torch", "torchvision"):
                text = written(cls.__init__)
                if text is not None:
                    yield f"{prefix}.{name}", text.removeprefix("self, ").removeprefix("self")


def functions() -> Iterator[tuple[str, str]]:
    for target, stand_in in torch.overrides.get_testing_overrides().items():
        name = torch.overrides.resolve_name(target)
        text = written(stand_in)
        if name and text and "__get__" not in name and "._" not in name:
            yield name, text
    modules = [torch, torch.nn.functional, torch.nn.init, torch.nn.utils, torchvision.utils, torch.utils.checkpoint, torch.autograd]
    for module in modules:
        for name, target in sorted(vars(module).items()):
            if isinstance(target, types.FunctionType) and not name.startswith("_"):
                text = written(target)
                if text is not None:
                    yield f"{module.__name__}.{name}", text


def main() -> None:
    table = dict(functions()) | dict(classes()) | BY_HAND
    print('"""Parameter names by public qualified name, written by tools/signatures.py; not edited by hand."""')
    print("\nfrom __future__ import annotations\n")
    print("# fmt: off\nPARAMETERS: dict[str, str] = {")
    for name, text in sorted(table.items()):
        print(f'    "{name}": "{text}",')
    print("}")


if __name__ == "__main__":
    main()
