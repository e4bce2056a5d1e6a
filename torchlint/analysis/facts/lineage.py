"""The way that a tensor took: from the input, layer by layer, and what it was on its way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from torchlint.analysis.facts.sizes import length_written
from torchlint.analysis.values.abstract import NONE, Const, Instance, Tensor, Tuple, Value
from torchlint.analysis.values.site import Site
from torchlint.torch_api.dims import Dim, Shape, product, same, show, show_shape, substitute, symbol, symbols

FLATTENINGS = frozenset({"flatten", "view", "reshape", "ravel", "torch.nn.Flatten"})
_LONGEST_WAY = 64
_SHOWN = 6
_LONGEST_DIM = 24


def sources(tensor: Tensor) -> Iterator[Tensor]:
    """The tensor, what it was made from first of all, and so on."""
    value: Value | None = tensor
    for _ in range(_LONGEST_WAY):
        if not isinstance(value, Tensor):
            return
        yield value
        value = value.inputs[0] if value.inputs else None


def _kept_shape(tensor: Tensor) -> bool:
    """Whether the operation that made a tensor left the shape of its input as it was."""
    source = tensor.inputs[0] if tensor.inputs else None
    if not isinstance(source, Tensor) or tensor.op in FLATTENINGS:
        return False
    return tensor.shape == source.shape and tensor.tail == source.tail


def reshaped(tensor: Value | None) -> Tensor | None:
    """The tensor that first had this shape, before activations, dropout and their like."""
    for each in sources(tensor) if isinstance(tensor, Tensor) else ():
        if not _kept_shape(each) or (each.op or "").rpartition(".")[2] in ("Linear", "Conv1d", "Conv2d", "Conv3d"):
            return each
    return None


def source_of(tensor: Tensor) -> Tensor | None:
    first = tensor.inputs[0] if tensor.inputs else None
    return first if isinstance(first, Tensor) else None


def flattening(tensor: Value | None) -> Tensor | None:
    """The flattened tensor behind one that was only activated since; None if it was not flattened."""
    found = reshaped(tensor)
    return found if found is not None and found.op in FLATTENINGS and source_of(found) is not None else None


def sample_size(shape: Shape) -> Dim:
    """How many numbers a sample of a batch has."""
    return None if not shape else product(shape[1:])


def batched(tensor: Value | None) -> bool:
    """Whether the first dim of a tensor is known to be the batch: it is what a layer gave or a loader brought."""
    if not isinstance(tensor, Tensor) or not tensor.shape or len(tensor.shape) < 2:
        return False
    for each in sources(tensor):
        if each.shape is None or each.shape[:1] != tensor.shape[:1]:
            return False
        bare = (each.op or "").rpartition(".")[2]
        if (each.op or "").endswith("_indices") or length_written(each):
            return False
        if each.op == "batch" or any(re.match(r"N\d+$", name) for name in symbols(each.shape[0])):
            return True
        rank = len(each.shape)
        if each.layer is not None and each.op and each.op.startswith("torch.nn."):
            needed = {"Conv1d": 3, "Conv2d": 4, "Conv3d": 5, "BatchNorm1d": 2, "BatchNorm2d": 4, "BatchNorm3d": 5, "Linear": 2}.get(bare)
            if needed == rank:
                return True
            if bare in ("LSTM", "GRU", "RNN") and rank == 3:
                return isinstance(each.layer, Instance) and each.layer.arguments.get("batch_first") == Const(True)
    return False


def layer_name(layer: Value | None) -> str | None:
    """What a program calls a layer: the attribute or variable it is kept under, else its class."""
    if not isinstance(layer, Instance):
        return None
    site = layer.site
    parent = site.tree.parent(site.node) if site is not None else None
    target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target if isinstance(parent, ast.AnnAssign) else None
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Name):
        return target.id
    return layer.cls.rpartition(".")[2] if isinstance(layer.cls, str) else layer.cls.name


def way(tensor: Value | None) -> str:
    """`input (N, 3, 32, 32) → conv1 (N, 6, 28, 28) → … → flatten (N, 4704)`."""
    if not isinstance(tensor, Tensor):
        return ""
    steps = list(sources(tensor))[::-1]
    shown = [each for index, each in enumerate(steps) if (each.shape or each.tail) and (index == 0 or not _kept_shape(each))]
    names = _short_names([each.shape or each.tail or () for each in shown])
    parts = [f"{_step_name(each)} {_shape_text(each, names)}" for each in shown]
    if len(parts) > _SHOWN:
        parts = [*parts[:2], "…", *parts[-(_SHOWN - 3) :]]
    return " → ".join(parts)


def _step_name(tensor: Tensor) -> str:
    if tensor.op is not None and "." in tensor.op:
        own = isinstance(tensor.layer, Instance) and tensor.op.startswith("torch.nn.")
        return (layer_name(tensor.layer) if own else None) or tensor.op.rpartition(".")[2]
    return tensor.op if tensor.op is not None and source_of(tensor) is not None else "input"


def _short_names(shapes: list[tuple[Dim, ...]]) -> dict[str, Dim]:
    """`N7` and `H7` as `N` and `H`, where that leaves them apart."""
    found = {name for shape in shapes for dim in shape for name in symbols(dim)}
    short = {name: re.sub(r"\d+$", "", name) for name in found}
    return {name: symbol(base) for name, base in short.items() if base and list(short.values()).count(base) == 1}


def _shape_text(tensor: Tensor, names: dict[str, Dim]) -> str:
    dims = [_dim_text(substitute(dim, names)) for dim in tensor.shape or tensor.tail or ()]
    if tensor.shape is None:
        return f"(…, {', '.join(dims)})"
    return f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"


def _dim_text(dim: Dim) -> str:
    """A dim as people write it; a product of sums tells nobody anything."""
    text = show(dim)
    return text if len(text) <= _LONGEST_DIM else "…"


def shape_text(shape: tuple[Dim, ...], among: tuple[Dim, ...]) -> str:
    """A shape as people write it; unknowns are named as in `among`."""
    names = _short_names([shape, among])
    return show_shape(tuple(substitute(dim, names) for dim in shape))


def equal(a: Dim, b: Dim) -> bool:
    return a is not None and b is not None and same(a, b) is True


def made_a_column(tensor: Tensor, site: Site | None, depth: int = 6) -> bool:
    """Whether a column was made one on purpose: by `None`, by `unsqueeze`, or by a `view` in the very place of its use."""
    inline = site is not None and site.same(tensor.site)
    if tensor.op == "unsqueeze" or (tensor.op in ("view", "reshape") and inline):
        return True
    # A slice is a tuple of another type, whose bounds may be None as well.
    if tensor.op == "getitem" and len(tensor.inputs) == 2 and type(tensor.inputs[1]) is Tuple and NONE in tensor.inputs[1].items:
        return True
    return depth > 0 and any(
        isinstance(each, Tensor) and each.shape == tensor.shape and made_a_column(each, None, depth - 1) for each in tensor.inputs
    )
