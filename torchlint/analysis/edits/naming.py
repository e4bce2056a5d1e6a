"""What a file calls torch's packages, for fixes that have to name them."""

from __future__ import annotations

from torchlint.analysis.values.abstract import Class, Frame, Instance, Library
from torchlint.analysis.values.classes import linear_bases
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import Store

_PARENTS = (("torch.nn", ""), ("torch", ".nn"))


def nn_in(store: Store) -> str | None:
    """The text by which a file's code reaches torch.nn: `nn`, `torch.nn`; None if it has no name for it."""
    for package, rest in _PARENTS:
        for name, value in store.items():
            if isinstance(value, Library) and value.name == package and isinstance(name, str):
                return name + rest
    return None


def globals_of(frame: Frame) -> Store:
    """The globals of the file whose code runs."""
    return frame.scopes[0] if frame.scopes else frame.locals


def globals_at(site: Site, cls: Class) -> Store:
    """The globals of the file of a place in a class or in one of its bases."""
    for base in linear_bases(cls):
        if isinstance(base, Class) and base.path == site.path and base.scopes:
            return base.scopes[0]
    return {}


def device_in_reach(frame: Frame) -> str | None:
    """The one name by which code that runs reaches a torch.device: `device`, `self.device`."""
    found = {name for store in (frame.locals, *frame.scopes) for name, value in store.items() if isinstance(name, str) and _is_device(value)}
    if isinstance(frame.receiver, Instance):
        found |= {f"self.{name}" for name, value in frame.receiver.store.items() if isinstance(name, str) and _is_device(value)}
    return found.pop() if len(found) == 1 else None


def _is_device(value: object) -> bool:
    return isinstance(value, Instance) and value.cls == "torch.device"


def name_in(store: Store, package: str) -> str | None:
    """The name by which a file's code reaches a package."""
    return next((name for name, value in store.items() if isinstance(value, Library) and value.name == package and isinstance(name, str)), None)
