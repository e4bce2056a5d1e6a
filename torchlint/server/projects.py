"""The linter's work for the server: projects and what is known of them from one edit to the next.

All of it runs in one thread of its own, on texts that do not change under it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from torchlint.diagnostic import Diagnostic, Fix
from torchlint.lint.checks import Checks
from torchlint.lint.gate import lint_gated
from torchlint.lint.plugins import BadPlugin
from torchlint.lint.selection import UnknownRule
from torchlint.lint.session import Session, may_apply
from torchlint.lint.workers import lint_safely
from torchlint.project import config, files
from torchlint.project.program import Program
from torchlint.project.programs import Project
from torchlint.project.scanning import Import, scan_imports
from torchlint.project.source import Source
from torchlint.project.text import Text
from torchlint.report.base import Report
from torchlint.report.parts import in_parts
from torchlint.server.documents import Opened, lines_of
from torchlint.server.settings import ClientSettings, FolderSettings
from torchlint.server.trees import Trees

Pulse = Callable[[], None]


class Stale(BaseException):
    """The run's answer is not wanted any more; no fault, so nothing that catches faults may catch it."""


@dataclass(frozen=True)
class Checked:
    """What is reported of one project's files: `report` names cells as `file:cell N`."""

    session: Session
    checks: Checks
    project: Project
    found: Sequence[Diagnostic]
    report: Report
    opened: Opened

    def uri(self, name: str) -> str:
        """The URI of a file or cell by the name that a report has for it."""
        return self.opened.uri(self.file(name), self.report.cells.get(name))

    def file(self, name: str) -> str:
        """The file in which a file or cell of that name is."""
        return self.report.files.get(name) or os.path.abspath(name)

    def lines(self, name: str) -> list[str]:
        return lines_of(self.report.texts.get(name, ""))

    def program_of(self, path: str) -> Program | None:
        """The program in which a file is linted."""
        return next((program for program in self.project.programs if path in program.linted), None)

    def wants(self, fix: Fix, name: str) -> bool:
        """Whether "fix all" applies a fix in a file or cell of that name, by the settings nearest to it."""
        return may_apply(fix, self.session.settings_of(self.file(name)))

    def path(self, name: str) -> tuple[str, int]:
        """The path by which the linter knows a file or cell, and how many of its rows come before it."""
        cell, file = self.report.cells.get(name), self.report.files.get(name)
        if cell is None:
            return name, 0
        path = next(path for path, own in self.project.files.items() if own == file and path in self.project.texts)
        text = self.project.texts[path]
        return path, next(part.row - 1 for part in text.parts(text.text) if part.cell == cell)

    def name(self, path: str, cell: int | None) -> str:
        """The name that a report has for a cell of a file, or for a file."""
        return path if cell is None else f"{path}:cell {cell}"


@dataclass
class _Group:
    """The linted files under the same settings of the client, and what was read and found the last time.

    `complaints` are what is wrong with these settings and with the files' configurations.
    """

    session: Session
    linted: tuple[str, ...]
    texts: Mapping[str, Text]
    project: Project
    checks: Checks
    complaints: Sequence[str] = ()
    results: dict[object, list[Diagnostic]] = field(default_factory=dict)
    stale: bool = False


@dataclass
class View:
    """Files that are linted together, kept from run to run."""

    groups: dict[ClientSettings, _Group] = field(default_factory=dict)


class Projects:
    """Lints open files, and whole workspaces, with all that is known from the run before."""

    def __init__(self) -> None:
        self.trees = Trees()
        self._views: dict[str, View] = {"open": View(), "workspace": View()}
        self._told: frozenset[str] = frozenset()

    def forget(self) -> None:
        """Read anew: files came, went or changed on the disk, or the configuration did.

        Programs that turn out to be the same, under the same configuration, are not linted again.
        """
        for view in self._views.values():
            for group in view.groups.values():
                group.stale = True
        files.forget_ignore_files()

    def check_open(self, opened: Opened, settings: FolderSettings, pulse: Pulse) -> list[Checked]:
        """What is reported of the open files. Raises Stale where `pulse` does."""
        view = self._views["open"]
        checked = self._check(view, list(opened.texts), opened, settings, pulse)
        kept = {path for each in checked for program in each.project.programs for path in program.sources}
        for each in self._views["workspace"].groups.values():
            kept |= {path for program in each.project.programs for path in program.sources}
        self.trees.keep(kept)
        return checked

    def check_workspace(
        self, folders: Iterable[str], opened: Opened, settings: FolderSettings, pulse: Pulse
    ) -> list[Checked]:
        """What is reported of all files of the workspace's folders."""
        found: dict[str, None] = {}
        for folder in folders:
            which = _session(folder, settings.of(folder))[0].filter
            if os.path.isdir(folder):
                found.update(dict.fromkeys(files.discover([folder], which)))
            pulse()
        return self._check(self._views["workspace"], list(found), opened, settings, pulse)

    def complaints(self) -> list[str]:
        """What is wrong with the settings in use; what is still wrong is not told again."""
        groups = [group for view in self._views.values() for group in view.groups.values()]
        standing = dict.fromkeys(each for group in groups for each in group.complaints)
        new = [each for each in standing if each not in self._told]
        self._told = frozenset(standing)
        return new

    def _check(
        self, view: View, linted: list[str], opened: Opened, settings: FolderSettings, pulse: Pulse
    ) -> list[Checked]:
        by_settings: dict[ClientSettings, list[str]] = {}
        for file in linted:
            by_settings.setdefault(settings.of(os.path.dirname(file)), []).append(file)
        for gone in view.groups.keys() - by_settings.keys():
            del view.groups[gone]
        return [self._check_group(view, own, tuple(members), opened, pulse) for own, members in by_settings.items()]

    def _check_group(
        self, view: View, settings: ClientSettings, linted: tuple[str, ...], opened: Opened, pulse: Pulse
    ) -> Checked:
        group = view.groups.get(settings)
        fresh = group is not None and not group.stale
        programs = _edited(group, opened.texts) if group and fresh and group.linted == linted else None
        if group is None or programs is None:
            session, complaints = _session(os.path.dirname(linted[0]), settings)
            loaded = session.programs([file for file in linted if not session.filter.leaves_out(file, False)], overlay=opened.texts)
            complaints += [str(each) for each in session.problems(linted)]
            results = group.results if group else {}
            group = _Group(session, linted, opened.texts, loaded, session.checks(loaded), complaints, results)
            view.groups[settings] = group
        else:
            group.project, group.texts = programs, opened.texts
        found = self._lint(group, pulse)
        return _checked(group, found, opened)

    def _lint(self, group: _Group, pulse: Pulse) -> list[Diagnostic]:
        """The reports on a group's programs; those that did not change are not linted again."""

        def lint(program: Program) -> list[Diagnostic]:
            return group.checks.heed(program, lint_gated(program, group.checks.rules(program), self.trees.read, pulse))

        current: dict[object, list[Diagnostic]] = {}
        for program in group.project.programs:
            pulse()
            choices = group.checks.choices(program)
            targets, sources = frozenset(program.targets.items()), frozenset(program.sources.values())
            key = (program.roots, program.linted, targets, sources, choices)
            if key not in group.results:
                group.results[key] = lint_safely(program, lint)
            current[key] = group.results[key]
        group.results = current
        return [each for found in current.values() for each in found]


def _session(folder: str, settings: ClientSettings) -> tuple[Session, list[str]]:
    """A run by the client's settings, or else without them and any configuration, and why so."""
    try:
        return Session.of({"paths": (folder,), **settings.options()}, folder), []
    except (config.BadConfiguration, UnknownRule, BadPlugin) as problem:
        options = {"paths": (folder,), **ClientSettings().options(), "isolated": True, "no_plugins": True}
        return Session.of(options, folder), [str(problem)]


def _checked(group: _Group, found: Sequence[Diagnostic], opened: Opened) -> Checked:
    unreadable = group.session.reported(group.project.unreadable)
    found = sorted([*unreadable, *group.session.presented(found)], key=lambda each: each.order)
    report = in_parts(Report(found, group.project.every_text, group.project.files), group.project.texts)
    return Checked(group.session, group.checks, group.project, found, report, opened)


def _edited(group: _Group, texts: Mapping[str, Text]) -> Project | None:
    """The group's project with the open files' new texts; None where edits may have changed what belongs to it."""
    if group.texts.keys() != texts.keys():
        return None
    changed = {file: text for file, text in texts.items() if text is not group.texts[file]}
    if not changed:
        return group.project
    if any(text.problems or group.texts[file].problems for file, text in changed.items()):
        return None
    if any(_imports(text) != _imports(group.texts[file]) for file, text in changed.items()):
        return None
    # A changed file that is in none of the programs does not matter to them as long as its imports are the same.
    members = {path for program in group.project.programs for path in program.sources}
    by_path = {path: changed[file] for path in members if (file := os.path.abspath(path)) in changed}
    programs = tuple(_with(program, by_path) for program in group.project.programs)
    read = {path: by_path.get(path, text) for path, text in group.project.texts.items()}
    return replace(group.project, programs=programs, texts=read)


def _imports(text: Text) -> tuple[Import, ...]:
    return tuple(scan_imports(text.text))


def _with(program: Program, changed: Mapping[str, Text]) -> Program:
    if not program.sources.keys() & changed.keys():
        return program
    sources = {
        path: Source(path, changed[path].text) if path in changed else source
        for path, source in program.sources.items()
    }
    return program.with_sources(sources)
