"""Devices that are named outright, and tensors of two devices that meet."""

from __future__ import annotations

from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import Tensor
from torchlint.analysis.values.immutable import immutable


@immutable
class DevicePinned(Fact):
    """Something is put on CUDA by that name, in a program that asks elsewhere whether there is CUDA."""


@immutable
class DevicesMeet(Fact):
    """A tensor that a module's forward made on the CPU meets its input or (`weights`) what the module holds."""

    made: Tensor
    weights: bool
