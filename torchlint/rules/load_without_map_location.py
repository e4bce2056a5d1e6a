"""TL606: a checkpoint goes back to the device it was saved on."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.naming import device_in_reach
from torchlint.analysis.facts.checkpoints import CheckpointRead
from torchlint.analysis.values.abstract import NONE
from torchlint.analysis.values.written.expressions import is_literal
from torchlint.analysis.values.written.guards import other_arm_passes
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule


@rule("TL606", severity="warning", default=False, words=("load",))
def load_without_map_location(read: CheckpointRead) -> Iterator[Finding]:
    if not read.picks_device or read.own or read.arguments.get("map_location", NONE) != NONE or _chosen(read):
        return
    if other_arm_passes(read.site, "map_location"):
        return
    yield read.flag(
        "`torch.load` without `map_location` puts the tensors on the device that they were saved from, which this machine "
        "may not have; pass the device that the program picks",
        fix=_located(read),
    )


def _chosen(read: CheckpointRead) -> bool:
    """Whether a place is given that only happens to be None here."""
    given = read.argument_site(1, "map_location")
    return given is not None and not is_literal(given)


def _located(read: CheckpointRead) -> Fix | None:
    device = device_in_reach(read.frame)
    if device is None or "map_location" in read.arguments:
        return None
    return read.add_argument(f"map_location={device}", "Load to the program's device", "unsafe")
