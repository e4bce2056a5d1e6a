"""State dicts that are read, loaded, kept, and taken for models."""

from __future__ import annotations

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import Instance
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site


@immutable
class CheckpointRead(Call):
    """`torch.load` is called; told when the whole program has been run, so that `picks_device` is known.

    `own` is true where the file may be one that the program wrote before, in the same run.
    """

    picks_device: bool = False
    own: bool = False


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
