"""What the client may set: by initializationOptions, or by its configuration's section `torchlint`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Every setting; in JSON the names are in camelCase. What is None is left to the project's configuration."""

    run: str = "onType"
    inlay_hints: bool = True
    workspace_diagnostics: bool = True
    configuration: str | None = None
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    extend_ignore: tuple[str, ...] | None = None
    unsafe_fixes: bool | None = None

    @property
    def on_type(self) -> bool:
        """Whether problems are shown as a person types, and not just when a file is opened or saved."""
        return self.run != "onSave"

    def with_values(self, given: object) -> ClientSettings:
        """These settings with those that a client sent, under the key `torchlint` or bare.

        What has an unknown name or the wrong type is left as it was.
        """
        if isinstance(given, Mapping) and isinstance(given.get("torchlint"), Mapping):
            given = given["torchlint"]
        if not isinstance(given, Mapping):
            return self
        values: dict[str, Any] = {}
        for each in fields(self):
            value = given.get(_camel(each.name))
            if "tuple" in str(each.type):
                if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
                    values[each.name] = tuple(value)
            elif isinstance(value, bool if "bool" in str(each.type) else str) and value != "":
                values[each.name] = value
        return replace(self, **values)

    def options(self) -> dict[str, Any]:
        """The options of `torchlint check` that say the same."""
        return {
            "config": (self.configuration,) if self.configuration else (),
            "select": self.select or (),
            "extend_select": self.extend_select or (),
            "ignore": self.ignore or (),
            "extend_ignore": self.extend_ignore or (),
            "unsafe_fixes": self.unsafe_fixes,
            "quiet": True,
            "no_cache": True,
        }


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """What the client set: `base`, and what holds instead in some folders of its workspace."""

    base: ClientSettings = field(default_factory=ClientSettings)
    folders: Mapping[str, ClientSettings] = field(default_factory=dict)

    def of(self, path: str) -> ClientSettings:
        """The settings for a file or folder: those of the innermost folder around it."""
        around = [folder for folder in self.folders if path == folder or path.startswith(os.path.join(folder, ""))]
        return self.folders[max(around, key=len)] if around else self.base


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
