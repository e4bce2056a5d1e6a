"""The packages, put together: what stands in for code that is not read."""

from __future__ import annotations

from typing import Any

from torchlint.analysis.library.arithmetic import arithmetic
from torchlint.analysis.library.functions import call_library
from torchlint.analysis.library.handlers import FUNCTIONS, METHODS, MODULE_METHODS, TENSOR_METHODS
from torchlint.analysis.library.items import item, set_item
from torchlint.analysis.library.iteration import iterated
from torchlint.analysis.library.methods import call_library_method
from torchlint.analysis.library.python import builtins, copying, kinds
from torchlint.analysis.library.torch import (
    answers,
    averaging,
    checkpoints,
    data,
    module_methods,
    settings,
    tensor_methods,
)
from torchlint.analysis.library.torch.checkpoints import set_attribute
from torchlint.analysis.library.torch.data import library_init
from torchlint.analysis.library.torch.layers import sizes_unpacked
from torchlint.analysis.library.torch.modules import call_starred
from torchlint.analysis.library.torch.tensors import augmented
from torchlint.analysis.library.torchvision import apply_module
from torchlint.analysis.machine.machine import Packages

# The tables of handlers, by kind.
TABLES: tuple[dict[str, Any], ...] = (FUNCTIONS, METHODS, MODULE_METHODS, TENSOR_METHODS)

# Importing a module of handlers puts them there.
HANDLERS = (answers, averaging, builtins, checkpoints, copying, data, kinds, module_methods, settings, tensor_methods)

PACKAGES = Packages(
    call=call_library,
    call_starred=call_starred,
    call_method=call_library_method,
    apply=apply_module,
    initialize=library_init,
    arithmetic=arithmetic,
    augmented=augmented,
    iterated=iterated,
    item=item,
    set_item=set_item,
    set_attribute=set_attribute,
    unpacked=sizes_unpacked,
)
