"""What the interpreter tells the rules: each fact is something that happens in a feasible run.

A fact knows its place and can make a finding of it; edits are made from places too, so that a
rule needs no node of the tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torchlint.analysis.values.abstract import Frame, Library, Tensor, Value
from torchlint.analysis.values.classes import is_module, running_forward
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.guards import conditions, switched_by_mode, way
from torchlint.diagnostic import Finding, Fix, Related, Severity


@immutable
class Fact:
    """Something that happens at a site, in a running function, with gradients on, off or unknown."""

    site: Site
    frame: Frame
    grad: bool | None

    def flag(
        self,
        message: str,
        *,
        at: Site | None = None,
        fix: Fix | None = None,
        related: Sequence[tuple[Site | None, str]] = (),
        severity: Severity | None = None,
    ) -> Finding:
        """A finding at this fact's site, or at another one. The fix must edit that site's file."""
        others = tuple(Related(site.place, text) for site, text in related if site is not None)
        return Finding((at or self.site).place, message, fix, others, severity)

    def name_of(self, module: str) -> str | None:
        """The name by which this file knows a module of a library (`F`), if it does."""
        for name, value in self.frame.file_scope.items():
            if isinstance(value, Library) and value.name == module and isinstance(name, str):
                return name
        return None

    @property
    def way(self) -> Iterator[tuple[Frame, Site]]:
        """From here outwards: each running function with the place in it, up to one that nobody calls."""
        return way(self.frame, self.site)

    @property
    def depends_on_mode(self) -> bool:
        """Whether a condition on the way here asks for a mode: `self.training`, or what a caller passes."""
        return any(switched_by_mode(frame, test) for frame, site in self.way for test in conditions(site))

    @property
    def by_callers_choice(self) -> bool:
        """Whether this hangs on a mode, in a method that the program calls on no known instance: its callers may have switched gradients off."""
        return self.alone_on_instance and self.depends_on_mode

    @property
    def function_text(self) -> str:
        """The text of the function that runs here, comments included; empty at a file's top level."""
        function = self.frame.function
        return self.site.at(function.node).text if function is not None else ""

    @property
    def in_forward(self) -> bool:
        """Whether this happens in a module's forward, or in something that it calls."""
        return self.forward_frame is not None

    @property
    def outermost(self) -> Site:
        """The call of the outermost module whose forward is running; where none is, this fact's own site."""
        found, frame = self.site, self.frame
        while frame.caller is not None:
            if frame.name == "forward" and is_module(frame.receiver) and frame.call is not None:
                found = frame.caller.site(frame.call)
            frame = frame.caller
        return found

    @property
    def alone_on_instance(self) -> bool:
        """Whether this happens in a method that the program calls on no known instance."""
        frame: Frame | None = self.frame
        while frame is not None:
            if frame.alone and frame.receiver is not None:
                return True
            frame = frame.caller
        return False

    @property
    def forward_frame(self) -> Frame | None:
        return running_forward(self.frame)

    @property
    def module_frame(self) -> Frame | None:
        """The method of a module that runs here, or that called what runs here."""
        frame: Frame | None = self.frame
        while frame is not None:
            if is_module(frame.receiver):
                return frame
            frame = frame.caller
        return None

    @property
    def in_method_of_module(self) -> bool:
        """Whether this stands in a method of a module that names its receiver `self`."""
        function = self.frame.function
        arguments = function.node.args.args if function is not None else []
        return is_module(self.frame.receiver) and bool(arguments) and arguments[0].arg == "self"


def tensors(values: Sequence[Value]) -> list[Tensor]:
    return [value for value in values if isinstance(value, Tensor)]
