"""Which settings count for which file: those of the nearest configuration above it, whatever else is linted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torchlint.lint.overlay import laid_over, named_files
from torchlint.project.config import BadConfiguration, Settings
from torchlint.project.config_file import file_in, load, shown


class Configurations:
    """The settings in force for the files of each folder, a run's options laid over them; each file is read once.

    `base` is the folder that patterns start from where there is no configuration. `check` may raise BadConfiguration
    for what only the rules can tell of a configuration, or UnknownRule for what the options say.
    """

    def __init__(
        self, options: Mapping[str, Any], base: str, check: Callable[[Settings], None] = lambda settings: None
    ) -> None:
        """Raises BadConfiguration and UnknownRule for what the options themselves say."""
        self._options, self._check = options, check
        self._by_folder: dict[str, Settings] = {}
        self._everywhere: Settings | None = None
        self._default = laid_over(Settings(base=base), options)
        check(self._default)
        if files := named_files(options):
            self._everywhere = laid_over(self._read(os.path.abspath(files[-1])), options)
        elif options.get("isolated"):
            self._everywhere = self._default

    def of(self, folder: str) -> Settings:
        """The settings for the files of a folder, whose path is absolute."""
        if self._everywhere is not None:
            return self._everywhere
        if folder not in self._by_folder:
            self._by_folder[folder] = self._found(folder)
        return self._by_folder[folder]

    def of_run(self, *folders: str) -> Settings:
        """The settings of a run as a whole: of the first of these folders that has a configuration in or above it."""
        every = [self.of(folder) for folder in folders]
        return next((settings for settings in every if settings.origin is not None), every[0])

    def _found(self, folder: str) -> Settings:
        if path := file_in(folder):
            try:
                settings = self._read(path)
            except BadConfiguration as problem:
                settings = Settings(base=folder, origin=shown(path), problem=problem)
            return laid_over(settings, self._options)
        parent = os.path.dirname(folder)
        return self._default if parent == folder else self.of(parent)

    def _read(self, path: str) -> Settings:
        settings = load(path)
        self._check(settings)
        return settings


def problems(every: Iterable[Settings]) -> list[BadConfiguration]:
    """What is wrong with configurations, each told once."""
    found = {str(each.problem): each.problem for each in every if each.problem is not None}
    return list(found.values())
