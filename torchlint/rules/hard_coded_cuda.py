"""TL802: CUDA by name, in a program that picks its device."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.devices import DevicePinned
from torchlint.analysis.values.devices import guarded, names_cuda, picked_name
from torchlint.analysis.values.site import Site
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule


@rule("TL802", severity="warning", default=False, words=("cuda", "is_available"))
def hard_coded_cuda(pinned: DevicePinned) -> Iterator[Finding]:
    if guarded(pinned.frame, pinned.site):
        return
    yield pinned.flag(
        "CUDA is named here, in a program that picks its device elsewhere: without a GPU this raises; use the device that was picked",
        fix=_fix(pinned.site, picked_name(pinned.frame)),
    )


def _fix(site: Site, device: str | None) -> Fix | None:
    edits: tuple[Edit, ...] | None = names_cuda(site, device) if device else None
    return Fix("Use the device that was picked", edits, "unsafe") if edits else None
