"""What the interpreter tells of the classes of modules: how they are written and what their instances hold."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import Class, Instance, Tensor, Value
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.members import grad_read, managed
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import SITES


@immutable
class ClassDefined(Fact):
    """A class of the program, with one of its instances (made by running its `__init__`)."""

    cls: Class
    instance: Instance

    def assigned(self, name: str, value: Value) -> Site | None:
        """Where a value landed on `self.name`."""
        sites = self.instance.store.get(SITES, {}).get(name, ())
        return next((site for site, held in sites if held is value), None)


@immutable
class ClassSettled(ClassDefined):
    """A module's class once the whole program has been run; `values` are the attributes as `__init__` left them.

    `trained` tells of a place whether a tensor that is made there is given to an optimizer, `used` whether any file of
    the program uses an attribute of a name.
    """

    values: Mapping[str, Value]
    trained: Callable[[Site], bool] = lambda site: False
    used: Callable[[str], bool] = lambda name: False

    def last_assigned(self, name: str) -> Site | None:
        """Where `self.name` was assigned last while `__init__` ran."""
        sites = self.instance.store.get(SITES, {}).get(name, ())
        inside = [site for site, _ in sites if not isinstance(site.node, ast.ClassDef)]
        return inside[-1] if inside else None

    def by_hand(self, name: str) -> bool:
        """Whether the program takes care of an attribute itself: what it holds is an input, an activation, or optimised by hand."""
        return managed(self.cls, name) or grad_read(self.site.tree.module, name)

    def optimised(self, value: Tensor) -> bool:
        """Whether some optimizer of the program was given a tensor."""
        return value.site is not None and self.trained(value.site)


@immutable
class UninitializedModule(Fact):
    """A module's `__init__` registers something before nn.Module's own `__init__` has run; `init` is where it is defined.

    `applied` says that it never does, and that the module is called nevertheless.
    """

    module: Instance
    init: Site
    applied: bool = False


@immutable
class ForwardMissing(Fact):
    """A module of the program is applied, and neither its class nor its bases have a `forward`.

    `definition` is its class; `method` the method that was meant, if there is one, of that `name`, which
    other code reads or does not (`used`).
    """

    module: Instance
    definition: Site
    method: Site | None
    name: str
    used: bool


@immutable
class InitMisspelt(Fact):
    """A module's class has a method that was meant to be its `__init__`, and is not used by its `name`."""

    cls: Class
    name: str


@immutable
class RepeatedLayer(Fact):
    """A container of torch is given a layer with weights several times; the site is where it was repeated."""

    module: Instance
    container: Site


@immutable
class MethodOverridden(Fact):
    """A module's class overrides a method of nn.Module so that torch's calls do not fit, or (`silent`) have no effect."""

    name: str
    silent: bool
