"""Code actions: fix one, fix all, ignore on this line, show the rule's page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from lsprotocol import types

from torchlint.diagnostic import Diagnostic, Edit, Position, Span
from torchlint.fix.rounds import fix_programs
from torchlint.lint.gate import lint_gated
from torchlint.lint.ignoring import add_ignores
from torchlint.lint.suppressions import LASTING
from torchlint.project.program import Program
from torchlint.project.text import NEWLINE
from torchlint.server.diagnostics import url_of
from torchlint.server.documents import Encoding, lines_of
from torchlint.server.projects import Checked
from torchlint.server.trees import Trees

FIX_ALL = "source.fixAll.torchlint"
SHOW_PAGE = "torchlint.showPage"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions on one document: where it was linted, its name there, and how the client counts."""

    checked: Checked
    name: str
    encoding: Encoding
    versioned: bool = True

    def on(self, reports: Sequence[Diagnostic], shown: Sequence[types.Diagnostic]) -> Iterator[types.CodeAction]:
        """What can be done about reports; `shown` are the same as the client knows them."""
        for each, diagnostic in zip(reports, shown, strict=True):
            if each.fix is not None:
                safe = each.fix.applicability == "safe"
                yield types.CodeAction(
                    f"{each.fix.message} ({each.code})" if safe else f"{each.fix.message} ({each.code}, unsafe)",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[diagnostic],
                    is_preferred=True if safe else None,
                    edit=self._edit({self.name: each.fix.edits}),
                )
        for each, diagnostic in zip(reports, shown, strict=True):
            if each.code not in LASTING and each.code != "TL902" and (edit := self._ignore(each)):
                yield types.CodeAction(
                    f"Ignore {each.name} on this line",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[diagnostic],
                    edit=edit,
                )
        for code, (each, diagnostic) in {one.code: (one, its) for one, its in zip(reports, shown, strict=True)}.items():
            if url := url_of(code):
                yield types.CodeAction(
                    f"Show the page of {each.name}",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[diagnostic],
                    command=types.Command("Show the rule's page", SHOW_PAGE, arguments=[url]),
                )

    def fix_all(self, trees: Trees) -> types.WorkspaceEdit | None:
        """The edit that makes all safe fixes in the document's file, round after round; None if there are none."""
        path, _ = self.checked.path(self.name)
        program = self.checked.program_of(path)
        if program is None:
            return None
        rules = self.checked.checks.rules(program)

        def run(programs: Sequence[Program]) -> list[Diagnostic]:
            found = [
                each
                for one in programs
                for each in self.checked.checks.heed(one, lint_gated(one, rules, trees.read))
            ]
            return [each for each in self.checked.session.presented(found) if each.place.path == path]

        own = [each for each in self.checked.found if each.place.path == path]
        wanted = partial(self.checked.wants, name=self.name)
        fixed = fix_programs([program], own, run, wanted, self.checked.project.takes)
        return self._replaced(path, fixed.texts[path]) if path in fixed.texts else None

    def _ignore(self, each: Diagnostic) -> types.WorkspaceEdit | None:
        path, above = self.checked.path(self.name)
        text = self.checked.project.texts[path].text
        place = each.place.span
        span = Span(Position(place.start.row + above, place.start.column), Position(place.end.row + above, place.end.column))
        there = replace(each, place=replace(each.place, path=path, span=span), fix=None)
        new, _ = add_ignores(text, [there])
        return None if new == text else self._replaced(path, new)

    def _replaced(self, path: str, new: str) -> types.WorkspaceEdit:
        """The edit that makes a file's program the new one, line by line, cell by cell."""
        text = self.checked.project.texts[path]
        edits: dict[str, Sequence[Edit]] = {}
        for before, after in zip(text.parts(text.text), text.parts(new), strict=True):
            name = self.checked.name(path, before.cell)
            old = self.checked.report.texts[name]
            if before.text != after.text:
                edits[name] = [_difference(old, after.text)]
        return self._edit(edits)

    def _edit(self, edits: Mapping[str, Iterable[Edit]]) -> types.WorkspaceEdit:
        changes = {self.checked.uri(name): self._text_edits(name, own) for name, own in edits.items()}
        if not self.versioned:
            return types.WorkspaceEdit(changes=changes)
        versions = self.checked.opened.versions
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, versions.get(uri)), list(own))
                for uri, own in changes.items()
            ]
        )

    def _text_edits(self, name: str, edits: Iterable[Edit]) -> list[types.TextEdit]:
        lines = self.checked.lines(name)
        newline = found[0] if (found := NEWLINE.search(self.checked.report.texts[name])) else "\n"
        return [
            types.TextEdit(self.encoding.range(lines, each.span), NEWLINE.sub(lambda _: newline, each.text))
            for each in edits
        ]


def _difference(old: str, new: str) -> Edit:
    """The one edit that makes the new text of the old: what both start and end with is left alone, line by line."""
    before, after = lines_of(old), lines_of(new)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    tail = 0
    while tail < min(len(before), len(after)) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    last, rest = len(before) - tail, after[start : len(after) - tail]
    if tail:
        return Edit(Span(Position(start + 1, 1), Position(last + 1, 1)), "".join(line + "\n" for line in rest))
    if start:
        end = Position(len(before), len(before[-1]) + 1)
        return Edit(Span(Position(start, len(before[start - 1]) + 1), end), "".join("\n" + line for line in rest))
    return Edit(Span(Position(1, 1), Position(len(before), len(before[-1]) + 1)), "\n".join(rest))
