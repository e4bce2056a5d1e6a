"""What one run goes by, of the command line or of the server: settings from the file, options laid over them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchlint.diagnostic import Diagnostic, Fix
from torchlint.lint.cache import Cache, default_folder, run_cached
from torchlint.lint.catalogue import Entry, catalogue
from torchlint.lint.checks import Checks, Choice
from torchlint.lint.overlay import settings_in_force
from torchlint.lint.selection import Selectable, Selection, UnknownRule, check_selectors
from torchlint.own_rules import INTERNAL_ERROR, OWN_RULES, UNUSED_SUPPRESSION, OwnRule
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
    """What a run goes by: the settings in force, the paths given, and the options of this run."""

    settings: config.Settings
    paths: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Session:
        """Read the configuration and lay the options over it.

        Raises BadConfiguration, UnknownRule, BadPlugin and MissingPath.
        """
        paths = (*options["paths"], *_listed(options.get("files_from")))
        if not paths and options.get("files_from") is None:
            paths = (".",)
        start = _start(paths, options.get("stdin_filename"))
        session = cls(settings_in_force(start, options), paths, options)
        _check_selectors(session.settings, session.everything)
        return session

    @cached_property
    def _declared(self) -> dict[str, Version | None]:
        """The oldest torch that the project around a folder requires, by folder."""
        return {}

    def supported_torch(self, file: str) -> Version | None:
        """The oldest torch that a file's project supports: as the settings say, or else as the project nearest to it requires."""
        if self.settings.target_torch is not None or self.options.get("isolated"):
            return self.settings.version_of_torch
        folder = os.path.dirname(file)
        if folder not in self._declared:
            declared = declared_torch(folder)
            self._declared[folder] = None if declared is None else config.version(declared.version)
        return self._declared[folder]

    @cached_property
    def cache(self) -> Cache | None:
        return None if self.options.get("no_cache") else Cache(self.options.get("cache_dir") or default_folder())

    @cached_property
    def rules(self) -> tuple[Entry, ...]:
        return catalogue(self.cache, self.plugins)

    @property
    def plugins(self) -> bool:
        return not self.options.get("no_plugins")

    @property
    def everything(self) -> tuple[Entry | OwnRule, ...]:
        return (*self.rules, *OWN_RULES)

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

    def selection(self) -> Selection:
        chosen = self.settings
        return Selection(chosen.select, chosen.extend_select, (*chosen.ignore, *chosen.extend_ignore))

    @property
    def filter(self) -> files.Filter:
        chosen = self.settings
        return files.Filter(
            chosen.base,
            (*chosen.exclude, *chosen.extend_exclude),
            chosen.force_exclude,
            chosen.respect_gitignore,
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
        chosen, which = self.settings, self.filter
        roots = [os.path.join(chosen.base, folder) for folder in chosen.src]
        if self.from_stdin:
            return self._load_stdin(which, roots)
        given = [os.path.abspath(path) for path in self.there]
        loaded = load_programs(files.discover(self.there, which), given, roots=roots, which=which, target=self.supported_torch)
        return self._shard(loaded)

    def _shard(self, loaded: Project) -> Project:
        """This run's share of the programs: every Nth, from the biggest on; the first has the unreadable files."""
        if not self.options.get("shard"):
            return loaded
        mine, count = self.options["shard"]
        ordered = sorted(loaded.programs, key=lambda each: (-len(each.sources), min(each.sources)))
        unreadable = loaded.unreadable if mine == 1 else ()
        return replace(loaded, programs=tuple(ordered[mine - 1 :: count]), unreadable=unreadable)

    def _load_stdin(self, which: files.Filter, roots: Sequence[str]) -> Project:
        name = os.path.abspath(self.options.get("stdin_filename") or "stdin.py")
        if which.force and which.leaves_out(name, False):
            return Project((), (), {}, {})
        overlay: dict[str, Text | Unreadable] = {}
        try:
            overlay[name] = text_of(name, self.stdin)
        except Unreadable as problem:
            overlay[name] = problem
        return load_programs([name], [], roots=roots, which=which, overlay=overlay, target=self.supported_torch)

    def checks(self, loaded: Project) -> Checks:
        """What is done with each program."""
        selection = self.selection()
        codes = frozenset(rule.code for rule in self.rules if selection.takes(rule))
        complete = all(rule.code in codes for rule in self.rules if rule.default)
        usual = Choice(codes, unused=selection.takes(UNUSED_SUPPRESSION), complete=complete)
        special = {path: replace(usual, ignored=ignored) for path, ignored in self._ignored(loaded).items()}
        return Checks(usual, special, self.plugins, not self.options.get("ignore_noqa"))

    def run(self, programs: Sequence[Program], checks: Checks, progress: Progress | None = None) -> list[Diagnostic]:
        """The diagnostics of the programs, with just the fixes that may be applied."""

        def lint(missing: Sequence[Program]) -> list[Diagnostic]:
            from torchlint.lint import workers

            return workers.run(missing, checks, self.settings.jobs, progress)

        return self.presented(lint(programs) if self.cache is None else run_cached(programs, checks, lint, self.cache))

    def presented(self, found: Sequence[Diagnostic]) -> list[Diagnostic]:
        """The reports that the person wants to see, with just the fixes that may be applied."""
        fixable = Selection(self.settings.fixable, (), self.settings.unfixable)
        may = {rule.code for rule in self.everything if fixable.takes(rule)}
        return [each if each.code in may else replace(each, fix=None) for each in self.reported(found)]

    def reported(self, found: Sequence[Diagnostic]) -> list[Diagnostic]:
        """What is left when the linter's own reports that the person ignores are gone."""
        ignoring = Selection((), (), tuple(each for each in self.selection().ignore if each != "ALL"))
        gone = {own.code for own in OWN_RULES if not replace(ignoring, select=("ALL",)).takes(own)}
        return [each for each in found if each.code not in gone]

    def wants(self, fix: Fix) -> bool:
        return fix.applicability == "safe" or self.settings.unsafe_fixes

    def exit_code(self, found: Sequence[Diagnostic]) -> int:
        if any(each.code == INTERNAL_ERROR.code for each in found):
            return 2
        return 1 if found and not self.options.get("exit_zero") else 0

    def _ignored(self, loaded: Project) -> dict[str, frozenset[str]]:
        """The codes that `per-file-ignores` names, by path."""
        table = self.settings.per_file_ignores
        if not table:
            return {}
        from pathspec import GitIgnoreSpec

        ignored: dict[str, frozenset[str]] = {}
        for pattern, selectors in table.items():
            spec = GitIgnoreSpec.from_lines([pattern])
            codes = frozenset(rule.code for rule in self.everything if Selection(selectors).takes(rule))
            for path, file in loaded.every_file.items():
                if spec.match_file(os.path.relpath(file, self.settings.base).replace(os.sep, "/")):
                    ignored[path] = ignored.get(path, frozenset()) | codes
        return ignored


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


def _start(paths: Sequence[str], stdin_filename: str | None) -> str:
    """The folder whose configuration counts: the one that holds all paths given."""
    if paths == (_STDIN,):
        return os.path.dirname(os.path.abspath(stdin_filename or "stdin.py"))
    folders = [os.path.abspath(path) for path in paths] or [os.getcwd()]
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in folders]
    try:
        return os.path.commonpath(folders)
    except ValueError:
        return folders[0]


def _check_selectors(settings: config.Settings, everything: Sequence[Selectable]) -> None:
    """Raises UnknownRule for a selector of the command line that fits no rule, BadConfiguration for one of a file."""
    named: dict[str, Iterable[str]] = {
        name: getattr(settings, name) or ()
        for name in ("select", "extend_select", "ignore", "extend_ignore", "fixable", "unfixable")
    }
    named["per_file_ignores"] = [each for rules in settings.per_file_ignores.values() for each in rules]
    for name, selectors in named.items():
        try:
            check_selectors(selectors, everything)
        except UnknownRule as problem:
            path, _, row = settings.places.get(name, "").rpartition(":")
            if not path:
                raise
            raise config.BadConfiguration(path, int(row), f"`{config.key_of(name)}`: {problem}") from None
