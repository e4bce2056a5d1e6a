"""Which calls of matplotlib draw an array as an image."""

from __future__ import annotations


def draws_image(name: str) -> bool:
    """Whether a call by that name is `imshow` of pyplot or of axes."""
    package, _, last = name.rpartition(".")
    return last == "imshow" and package.split(".", 1)[0] in ("matplotlib", "pylab")
