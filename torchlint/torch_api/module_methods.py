"""The methods of nn.Module that torch itself calls, and how.

Source: https://github.com/pytorch/pytorch/blob/main/torch/nn/modules/module.py
"""

from __future__ import annotations

# Each way in which torch calls the method: the number of positional arguments, and the keywords.
CALLED_BY_TORCH: dict[str, tuple[tuple[int, tuple[str, ...]], ...]] = {
    "train": ((1, ()), (0, ())),
    "eval": ((0, ()),),
    "children": ((0, ()),),
    "modules": ((0, ()),),
    "named_children": ((0, ()),),
    "parameters": ((0, ()),),
    "named_parameters": ((0, ("recurse",)),),
    "state_dict": ((0, ("destination", "prefix", "keep_vars")),),
}
