"""The linter's own reports (TL9xx): they come from reading and running, not from a check on facts."""

from __future__ import annotations

from dataclasses import dataclass

from torchlint.diagnostic import Diagnostic, Fix, Place, Position, Severity, Span


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A code of the linter itself, with what it stands for in one line."""

    code: str
    name: str
    severity: Severity
    meaning: str
    default: bool = True

    @property
    def url(self) -> str:
        return f"https://github.com/torchlint/torchlint/blob/main/docs/own-rules.md#{self.name}"

    def at(self, place: Place, message: str, fix: Fix | None = None) -> Diagnostic:
        return Diagnostic(self.code, self.name, message, place, self.severity, fix)

    def on(self, path: str, message: str, position: Position = Position(1, 1)) -> Diagnostic:
        """A report on a file as a whole, or on one place in it."""
        return self.at(Place(path, Span(position, position)), message)


SYNTAX_ERROR = OwnRule("TL900", "syntax-error", "error", "the file is no Python, so nothing in it was checked")
INTERNAL_ERROR = OwnRule("TL901", "internal-error", "error", "torchlint failed on this file: a bug worth reporting")
UNUSED_SUPPRESSION = OwnRule("TL902", "unused-suppression", "warning", "a suppression that suppresses nothing")
INVALID_CONFIGURATION = OwnRule("TL903", "invalid-configuration", "error", "the configuration is wrong")
UNREADABLE_FILE = OwnRule("TL904", "unreadable-file", "error", "the file could not be read, so nothing in it was checked")

OWN_RULES = (SYNTAX_ERROR, INTERNAL_ERROR, UNUSED_SUPPRESSION, INVALID_CONFIGURATION, UNREADABLE_FILE)
