"""What a run does with one program: lint it by the chosen rules, then heed suppressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchlint.diagnostic import Diagnostic
from torchlint.project.program import Program

if TYPE_CHECKING:
    from torchlint.rule import Rule


@dataclass(frozen=True)
class Checks:
    """The chosen rules, by code, as a function of a program that can be sent to another process.

    `unused` asks for reports on comments that suppress nothing; `complete` says that all rules that
    are on by default were chosen. `ignored` are the codes not to report, by path; `plugins` says whether other
    packages' rules are among the chosen ones; without `comments`, what comments silence is reported too.
    """

    codes: frozenset[str]
    unused: bool = True
    complete: bool = True
    ignored: Mapping[str, frozenset[str]] = field(default_factory=dict)
    plugins: bool = False
    comments: bool = True

    def __call__(self, program: Program) -> list[Diagnostic]:
        from torchlint.lint.gate import lint_gated

        return self.heed(program, lint_gated(program, self.rules()))

    def rules(self) -> list[Rule]:
        """The chosen rules."""
        from torchlint.lint.plugins import rules_in_force

        return [rule for rule in rules_in_force(self.plugins) if rule.code in self.codes]

    def heed(self, program: Program, found: Sequence[Diagnostic]) -> list[Diagnostic]:
        """What is left of the reports on a program when ignored files and comments are heeded."""
        from torchlint.lint.suppressions import suppress

        by_path: dict[str, list[Diagnostic]] = {path: [] for path in sorted(program.linted)}
        for each in found:
            if each.code not in self.ignored.get(each.place.path, ()):
                by_path[each.place.path].append(each)
        kept: list[Diagnostic] = []
        for path, reports in by_path.items():
            if not self.comments:
                kept += reports
                continue
            kept += suppress(program.sources[path], reports, self.codes if self.unused else None, self.complete)
        return kept
