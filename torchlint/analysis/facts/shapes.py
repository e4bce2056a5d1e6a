"""Shapes that torch refuses."""

from __future__ import annotations

from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import Instance, Tensor, Value
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.torch_api.dims import Dim
from torchlint.torch_api.shapes.error import ShapeError


@immutable
class ShapeMismatch(Fact):
    """An operation or layer was given shapes that torch refuses.

    `kind` is the reason ("channels", "features", "rank", "vanishes", "inner", "broadcast", "elements"),
    `reason` what is said about it; `operation` the qualified name; `module` the layer, if it is one.
    """

    operation: str
    kind: str
    reason: str
    inputs: tuple[Value, ...]
    module: Value | None
    error: ShapeError

    @property
    def at_fault(self) -> Tensor | None:
        """The tensor that does not fit."""
        given = [each for each in self.inputs if isinstance(each, Tensor)]
        exact = [each for each in given if each.shape is not None and each.shape == self.error.input]
        return exact[0] if exact else given[0] if given else None

    @property
    def module_site(self) -> Site | None:
        """Where the layer was built."""
        return self.module.site if isinstance(self.module, Instance) else None

    @property
    def expected(self) -> Dim:
        """The size that would be right."""
        return self.error.expected

    @property
    def found(self) -> Dim:
        """The size that arrives instead."""
        return self.error.found
