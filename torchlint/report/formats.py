"""The formats by name; each module is imported when its format is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TextIO

from torchlint.project.config import FORMATS
from torchlint.report.base import Report

Writer = Callable[[Report, TextIO], None]

# Formats that share a module with another one; the others have a module of their name.
_MODULES = {"full": "text", "concise": "text", "grouped": "text", "json-lines": "json"}


def writer(name: str) -> Writer:
    """The function that writes the format of this name, one of `FORMATS`."""
    assert name in FORMATS
    module = import_module(f"torchlint.report.{_MODULES.get(name, name)}")
    found: Writer = vars(module)[f"write_{name.replace('-', '_')}"]
    return found


def statistics_writer(name: str) -> Writer:
    """The function that writes how often each rule reported, in the format of this name."""
    module = import_module("torchlint.report.statistics")
    found: Writer = module.write_json if name in ("json", "json-lines") else module.write_text
    return found
