"""What one run goes by, of the command line or of the server: settings from files, options laid over them."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchlint.diagnostic import Diagnostic, Fix
from torchlint.lint.cache import Cache, default_folder, run_cached
from torchlint.lint.catalogue import Entry, catalogue
from torchlint.lint.checks import Checks
from torchlint.lint.choosing import Chosen, check_rules, choose
from torchlint.lint.configurations import Configurations, problems
from torchlint.own_rules import INTERNAL_ERROR
from torchlint.project import config, files
from torchlint.project.declared import declared_torch
from torchlint.project.program import Program, Version
from torchlint.project.programs import Project
from torchlint.project.programs import load as load_programs
from torchlint.project.reading import text_of
from torchlint.project.text import Text, Unreadable

if TYPE_CHECKING:
    from torchlint.lint.workers import Progress

_STDIN = "-"


@dataclass(frozen=True)
class Session:
    """What a run goes by: the settings of the run as a whole, those of each file, the paths given, and the run's options."""

    settings: config.Settings
    configurations: Configurations
    rules: tuple[Entry, ...]
    cache: Cache | None
    paths: tuple[str, ...]
    options: Mapping[str, Any]

    @classmethod
    def of(cls, options: Mapping[str, Any], here: str | None = None) -> Session:
        """A run with these options, in the folder `here` (else the current one).

        Raises BadConfiguration, UnknownRule, BadPlugin and MissingPath for what is wrong with the options.
        """
        paths = (*options["paths"], *_listed(options.get("files_from")))
        if not paths and options.get("files_from") is None:
            paths = (".",)
        here = here or os.getcwd()
        cache = None if options.get("no_cache") else Cache(options.get("cache_dir") or default_folder())
        rules = catalogue(cache, not options.get("no_plugins"))
        configurations = Configurations(options, here, lambda settings: check_rules(settings, rules))
        of_run = configurations.of_run(*_folders(here, paths, options))
        return cls(of_run, configurations, rules, cache, paths, options)

    def settings_of(self, path: str) -> config.Settings:
        """The settings of a file."""
        return self.configurations.of(os.path.dirname(os.path.abspath(path)))

    def problems(self, files: Iterable[str] = ()) -> list[config.BadConfiguration]:
        """What is wrong with the configurations of the run and of files, each told once."""
        return problems([self.settings, *map(self.settings_of, files)])

    def origins(self, files: Iterable[str]) -> list[str]:
        """The configuration files that count for the run and for files."""
        every = (self.settings, *map(self.settings_of, files))
        return list(dict.fromkeys(origin for settings in every for origin in settings.origins))

    @cached_property
    def _declared(self) -> dict[str, Version | None]:
        """The oldest torch that the project around a folder requires, by folder."""
        return {}

    @cached_property
    def _chosen(self) -> dict[int, Chosen]:
        return {}

    def chosen(self, settings: config.Settings) -> Chosen:
        """What one configuration's selectors come to."""
        if id(settings) not in self._chosen:
            self._chosen[id(settings)] = choose(settings, self.rules)
        return self._chosen[id(settings)]

    def supported_torch(self, file: str) -> Version | None:
        """The oldest torch that a file's project supports: as the settings say, or else as the project nearest to it requires."""
        settings = self.settings_of(file)
        if settings.target_torch is not None or self.options.get("isolated"):
            return settings.version_of_torch
        folder = os.path.dirname(file)
        if folder not in self._declared:
            declared = declared_torch(folder)
            self._declared[folder] = None if declared is None else config.version(declared.version)
        return self._declared[folder]

    def further_roots(self, file: str) -> list[str]:
        """The folders, besides its project's own, that a file's imports are looked up in."""
        return [os.path.join(folder.base, folder.text) for folder in self.settings_of(file).src]

    @property
    def plugins(self) -> bool:
        return not self.options.get("no_plugins")

    @property
    def from_stdin(self) -> bool:
        return self.paths == (_STDIN,)

    @cached_property
    def stdin(self) -> bytes:
        """What standard input holds; it can be read once."""
        return sys.stdin.buffer.read()

    @property
    def fixes(self) -> bool:
        return bool(self.options.get("fix") or self.options.get("fix_only"))

    @property
    def silent(self) -> bool:
        return bool(self.options.get("silent"))

    @property
    def quiet(self) -> bool:
        return self.silent or bool(self.options.get("quiet"))

    @property
    def filter(self) -> files.Filter:
        return files.Filter(
            lambda folder: self.configurations.of(folder).excludes,
            self.settings.force_exclude,
            self.settings.respect_gitignore,
            (".py", ".ipynb", ".md", ".markdown") if self.options.get("markdown") else (".py", ".ipynb"),
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """The paths given that are not there; the others are linted all the same."""
        return () if self.from_stdin else tuple(path for path in self.paths if not os.path.lexists(path))

    @property
    def there(self) -> tuple[str, ...]:
        """The paths given that are there."""
        return tuple(path for path in self.paths if path not in self.missing)

    def load(self) -> Project:
        """The programs of the paths given, those that are missing left out."""
        if self.from_stdin:
            return self._load_stdin()
        given = [os.path.abspath(path) for path in self.there]
        return self._shard(self.programs(files.discover(self.there, self.filter), given))

    def programs(
        self, linted: Sequence[str], given: Sequence[str] = (), overlay: Mapping[str, Text | Unreadable] | None = None
    ) -> Project:
        """The programs of files, by their settings; see `torchlint.project.programs.load`."""
        return load_programs(
            linted, given, roots=self.further_roots, which=self.filter, overlay=overlay, target=self.supported_torch
        )

    def _shard(self, loaded: Project) -> Project:
        """This run's share of the programs: every Nth, from the biggest on; the first has the unreadable files."""
        if not self.options.get("shard"):
            return loaded
        mine, count = self.options["shard"]
        ordered = sorted(loaded.programs, key=lambda each: (-len(each.sources), min(each.sources)))
        unreadable = loaded.unreadable if mine == 1 else ()
        return replace(loaded, programs=tuple(ordered[mine - 1 :: count]), unreadable=unreadable)

    def _load_stdin(self) -> Project:
        name, which = _stdin_name(self.options), self.filter
        if which.force and which.leaves_out(name, False):
            return Project((), (), {}, {})
        overlay: dict[str, Text | Unreadable] = {}
        try:
            overlay[name] = text_of(name, self.stdin)
        except Unreadable as problem:
            overlay[name] = problem
        return self.programs([name], overlay=overlay)

    def checks(self, loaded: Project) -> Checks:
        """What is done with each program."""
        paths = sorted({*loaded.files, *(path for program in loaded.programs for path in program.sources)})
        choices = {path: self.chosen(self.settings_of(path)).of(os.path.abspath(path)) for path in paths}
        usual = Counter(choices.values()).most_common(1)[0][0] if choices else self.chosen(self.settings).choice
        special = {path: choice for path, choice in choices.items() if choice != usual}
        return Checks(usual, special, self.plugins, not self.options.get("ignore_noqa"), None if self.cache is None else self.cache.folder)

    def run(self, programs: Sequence[Program], checks: Checks, progress: Progress | None = None) -> list[Diagnostic]:
        """The diagnostics of the programs, with just the fixes that may be applied."""

        def lint(missing: Sequence[Program]) -> list[Diagnostic]:
            from torchlint.lint import workers

            return workers.run(missing, checks, self.settings.jobs, progress)

        return self.presented(lint(programs) if self.cache is None else run_cached(programs, checks, lint, self.cache))

    def presented(self, found: Sequence[Diagnostic]) -> list[Diagnostic]:
        """The reports that the person wants to see, with just the fixes that may be applied."""
        reports = [(each, self.chosen(self.settings_of(each.place.path))) for each in self.reported(found)]
        return [each if each.code in chosen.fixable else replace(each, fix=None) for each, chosen in reports]

    def reported(self, found: Sequence[Diagnostic]) -> list[Diagnostic]:
        """What is left when the linter's own reports that the person ignores are gone."""
        return [each for each in found if not self._ignores(each)]

    def _ignores(self, each: Diagnostic) -> bool:
        chosen = self.chosen(self.settings_of(each.primary.path))
        return each.code in chosen.gone or each.code in chosen.of(os.path.abspath(each.primary.path)).ignored

    def wants(self, fix: Fix) -> bool:
        return may_apply(fix, self.settings)

    def exit_code(self, found: Sequence[Diagnostic]) -> int:
        if any(each.code == INTERNAL_ERROR.code for each in found):
            return 2
        return 1 if found and not self.options.get("exit_zero") else 0


def may_apply(fix: Fix, settings: config.Settings) -> bool:
    """Whether settings let a fix be applied among others."""
    return fix.applicability == "safe" or settings.unsafe_fixes


def _listed(name: str | None) -> list[str]:
    """The paths in a file, one a line, or divided by NUL as `find -print0` writes them."""
    if name is None:
        return []
    try:
        data = sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()
    except OSError as error:
        raise files.MissingPath(f"{name}: the list of files cannot be read: {error.strerror}") from None
    paths = data.split(b"\0") if b"\0" in data else data.splitlines()
    return [os.fsdecode(path) for path in paths if path.strip()]


def _stdin_name(options: Mapping[str, Any]) -> str:
    return os.path.abspath(options.get("stdin_filename") or "stdin.py")


def _folders(here: str, paths: Sequence[str], options: Mapping[str, Any]) -> list[str]:
    """The folders whose configuration is that of the run as a whole: the current one, or else that of the first path."""
    if paths == (_STDIN,):
        return [os.path.dirname(_stdin_name(options))]
    first = [os.path.abspath(path) for path in paths[:1]]
    return [here, *(path if os.path.isdir(path) else os.path.dirname(path) for path in first)]
