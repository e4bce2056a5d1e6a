"""State dicts that are read, loaded, kept, and taken for models."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import UNKNOWN, Const, Frame, Instance, Value
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.syntax.index import own


@immutable
class CheckpointRead(Call):
    """`torch.load` is called; told when the whole program has been run, so that `picks_device` is known.

    `own` is true where the file may be one that the program wrote before, in the same run; `writes` are the files that the program
    writes, by the time when that is asked.
    """

    picks_device: bool = False
    own: bool = False
    writes: Sequence[tuple[Frame, Value]] = ()

    @property
    def of_own_file(self) -> bool:
        """Whether the program writes the very file itself: nobody else can have put anything into it."""
        file = self.arguments.get("f", self.arguments.get(0, UNKNOWN))
        if file is not UNKNOWN and any(written is file or (isinstance(file, Const) and written == file) for _, written in self.writes):
            return True
        site = self.argument_site(0, "f")
        return site is not None and ast.unparse(site.node) in _saved_to(site.function or site.tree.module)


@lru_cache(maxsize=512)
def _saved_to(scope: ast.AST) -> frozenset[str]:
    """The files to which `torch.save` writes in a function, or at a file's top level, as they are written."""
    found: set[str] = set()
    for call in own(scope, ast.Call):
        if getattr(call.func, "attr", getattr(call.func, "id", "")) == "save":
            given = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "f")]
            found.update(map(ast.unparse, given))
    return frozenset(found)


@immutable
class StateLoaded(Call):
    """`module.load_state_dict(state, strict)` of a torch module; `missing` keys of its were taken out of the state."""

    missing: tuple[str, ...] = ()


@immutable
class LoadResultUsed(Fact):
    """What `load_state_dict` gave is used as if it were the object; the site is where it was loaded."""

    result: Instance
    use: Site


@immutable
class StateAliased(Fact):
    """A state dict is used after the weights it refers to have been trained further; the site is where it was taken."""

    state: Instance
    use: Site
