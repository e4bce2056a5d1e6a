"""Where tensors come from: arrays, images, datasets and loaders."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from torchlint.semantics.expressions import known_items
from torchlint.semantics.library import Libraries
from torchlint.semantics.modules import by_number_or_name
from torchlint.semantics.values import (
    UNKNOWN,
    Array,
    Const,
    Instance,
    Iteration,
    Library,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.torch_api.dtypes import dtype_of

_LOADER = "torch.utils.data.DataLoader"
_FLOAT64_SOURCES = frozenset({"zeros", "ones", "empty", "linspace", "eye", "identity"})


class Data(Libraries):
    """Arrays, images, datasets and loaders."""

    def array_call(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        last = name.rpartition(".")[2]
        self.emit_call(name, None, by_number_or_name(positional, keywords), positional, UNKNOWN, node)
        if name in ("PIL.Image.open", "PIL.Image.fromarray", "PIL.Image.new"):
            return Array(kind="PIL", scale="255", site=self.site(node))
        given = keywords.get("dtype")
        dtype = dtype_of(given.name) if isinstance(given, Library) else None
        if last in _FLOAT64_SOURCES and name.count(".") == 1:
            size = positional[0] if positional else keywords.get("shape", UNKNOWN)
            return Array(shape=_sizes(size), dtype=dtype or ("float64" if given is None else None), site=self.site(node))
        if name.startswith("numpy.random.") and last in ("rand", "randn", "random", "normal", "uniform", "standard_normal"):
            sizes = Tuple(tuple(positional)) if last in ("rand", "randn") else keywords.get("size", UNKNOWN)
            scalar = (not positional) if last in ("rand", "randn") else "size" not in keywords
            return Unknown(self.site(node)) if scalar else Array(shape=_sizes(sizes), dtype="float64", site=self.site(node))
        if last in ("array", "asarray") and positional:
            return self._as_array(positional[0], dtype, given is not None, node)
        if dtype is not None:
            return Array(dtype=dtype, site=self.site(node))
        return Unknown(self.site(node), name, positional[0] if positional else None)

    def _as_array(self, value: Value, dtype: str | None, given: bool, node: ast.AST) -> Value:
        match value:
            case Array():
                scale = "255" if value.kind == "PIL" else value.scale
                own = "uint8" if value.kind == "PIL" else value.dtype
                return Array(shape=value.shape, dtype=dtype if given else own, scale=scale, layout="HWC" if value.kind == "PIL" else value.layout, site=self.site(node))
            case Tensor():
                return Array(shape=value.shape, dtype=dtype if given else value.dtype, site=self.site(node))
        literal = self._literal_dtype(value)
        own = "float64" if literal == "float32" else literal
        return Array(dtype=dtype if given else own, site=self.site(node))

    def array_method(
        self, value: Array, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        if value.kind == "PIL":
            same = name in ("convert", "resize", "crop", "rotate", "transpose", "copy")
            return Array(kind="PIL", scale="255", site=self.site(node)) if same else Unknown(self.site(node), name, value)
        if name == "astype" and positional:
            kind = positional[0]
            dtype = dtype_of(kind.name) if isinstance(kind, Library) else kind.value if isinstance(kind, Const) else None
            return Array(shape=value.shape, dtype=dtype if isinstance(dtype, str) else None, scale=value.scale, layout=value.layout, site=self.site(node))
        if name in ("reshape", "transpose", "copy", "flatten", "ravel", "squeeze", "clip"):
            return Array(dtype=value.dtype, scale=value.scale, site=self.site(node))
        return Unknown(self.site(node), name, value)

    def array_arithmetic(self, operator: str, operands: Sequence[Value], node: ast.AST) -> Value:
        arrays = [each for each in operands if isinstance(each, Array)]
        floats = operator == "Div"
        dtype = arrays[0].dtype if len(arrays) == 1 and arrays[0].dtype in ("float32", "float64") else "float64" if floats and arrays[0].dtype in ("uint8", "int64") else None
        return Array(shape=arrays[0].shape if len(arrays) == 1 else None, dtype=dtype, site=self.site(node))

    def vision_call(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value | None:
        return None

    def loader_method(
        self, instance: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value | None:
        if instance.cls == _LOADER and name in ("__iter__", "__next__", "next"):
            return Iteration(Unknown(self.site(node), "<batch>", instance), instance)
        return None


def _sizes(value: Value) -> tuple[int | None, ...] | None:
    items = (value,) if isinstance(value, Const) else known_items(value)
    if items is None:
        return None
    return tuple(item.value if isinstance(item, Const) and isinstance(item.value, int) else None for item in items)
