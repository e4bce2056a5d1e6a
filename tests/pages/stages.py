"""What a page promises, stage by stage; each function yields the promises that are not kept.

A complaint starts with the place in the page: `rules/size-not-called.md:12: Example: …`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

from torchlint.diagnostic import Diagnostic
from torchlint.evidence.pages import File, Listing, Page, read_page
from torchlint.evidence.torch_process import TorchProcess
from torchlint.fix.apply import fix_text
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import Rule, all_rules

ROOT = Path(__file__).parents[2]
SECTIONS = ("Example", "Use instead", "Not flagged", "Fix safety", "References")
PROGRAMS = ("Example", "Use instead", "Not flagged")
SLOW = 5.0  # seconds of CPU time
PASSES = 10  # a fix that overlaps another is applied in the next pass


@dataclass(frozen=True)
class Shown:
    """A page and where it is: `path` is relative to the project's root."""

    path: str
    page: Page

    @property
    def of_rule(self) -> bool:
        """Whether this is the page of a rule, which must have every part."""
        return self.path.startswith("rules/")

    def complain(self, listing: Listing, name: str, row: int, message: str) -> str:
        return f"{self.path}:{listing.page_row(name, row)}: {listing.section}: {message}"


def read(path: Path) -> Shown:
    """The page in a file."""
    absolute = path.resolve()
    name = absolute.relative_to(ROOT).as_posix() if absolute.is_relative_to(ROOT) else str(path)
    return Shown(name, read_page(path.stem, path.read_text(encoding="utf-8")))


def rule_of(page: Page, rules: Sequence[Rule] | None = None) -> Rule | None:
    """The rule that a page, or a regression page of the same name, belongs to."""
    known = all_rules() if rules is None else rules
    return next((rule for rule in known if rule.name == page.name), None)


def form(shown: Shown) -> Iterator[str]:
    """Title, paragraph, sections and their order, marks and evidence of a rule's page."""
    page, path = shown.page, shown.path
    if not page.code or page.title != f"{page.name} ({page.code})":
        yield f"{path}:1: the title is to be `# {page.name} (CODE)`, and is `# {page.title}`"
    if not page.paragraph:
        yield f"{path}:1: no paragraph under the title"
    titles = [section.title for section in page.sections]
    if titles != [each for each in SECTIONS if each in titles]:
        yield f"{path}:1: sections {titles} are not of {list(SECTIONS)}, in this order"
    for missing in [each for each in PROGRAMS if not (found := page.section(each)) or not found.listings]:
        yield f"{path}:1: no program in `## {missing}`"
    for listing in page.listings:
        row = f"{path}:{listing.row}: {listing.section}:"
        marks = any(file.marked for file in listing.files)
        if marks != (listing.section == "Example"):
            yield f"{row} {'no' if not marks else 'a'} line ends in `# error`"
        shows = any("assert" in file.text or file.raises for file in listing.files)
        if listing.section != "Not flagged" and not shows:
            yield f"{row} no evidence (an assert, or a line that raises)"


def runs(shown: Shown, listing: Listing, torch_process: TorchProcess) -> Iterator[str]:
    """Stage 1: the program runs under torch, and marked lines raise what they say."""
    outcome = torch_process.run(listing)
    for failure in outcome.failures:
        yield shown.complain(listing, failure.file, failure.row, failure.message)
    if outcome.seconds > SLOW:
        yield shown.complain(listing, listing.files[-1].name, 1, f"takes {outcome.seconds:.1f} s of CPU time")


def lint_listing(listing: Listing, own: Rule | None, rules: Sequence[Rule]) -> list[Diagnostic]:
    """What `rules` that are on by default, and the page's own rule, report in a listing."""
    # Late, so that pages can be run while the linter is being changed.
    from torchlint.lint.linter import lint

    active = [each for each in rules if each.default or (own and each.code == own.code)]
    sources = {file.name: Source(file.name, file.plain) for file in listing.files}
    return lint(Program(sources, frozenset(sources)), active)


def reports(
    shown: Shown, listing: Listing, own: Rule | None, rules: Sequence[Rule] | None = None
) -> Iterator[str]:
    """Stage 2: just the marked lines are reported; those of a rule's example by the rule itself."""
    found = lint_listing(listing, own, all_rules() if rules is None else rules)
    for file in listing.files:
        here = [each for each in found if each.place.path == file.name]
        for each in here:
            row = each.place.span.start.row
            if row not in file.marked:
                yield shown.complain(
                    listing, file.name, row, f"reported, but not marked: {each.code} {each.message}"
                )
        by_own = {each.place.span.start.row for each in here if own is None or each.code == own.code}
        for row in sorted(file.marked - by_own):
            yield shown.complain(
                listing, file.name, row, "marked `# error`, but not reported by the page's rule"
            )


def fixes(
    shown: Shown, before: Listing, after: Listing, own: Rule | None, rules: Sequence[Rule] | None = None
) -> Iterator[str]:
    """Stage 3: the rule's fixes make `Use instead` of `Example`, and find nothing to do in that."""
    if own is None:
        yield f"{shown.path}:{before.row}: {before.section}: there is no rule of this page's name"
        return
    known = all_rules() if rules is None else rules
    if shown.of_rule and shown.page.section("Fix safety") is None:
        for each in lint_listing(before, own, known):
            if each.code == own.code and each.fix:
                row = each.place.span.start.row
                yield shown.complain(
                    before, each.place.path, row, "has a fix, but the page no `## Fix safety`"
                )
        return
    wanted = {file.name: file.plain for file in after.program}
    yield from _differences(shown, after, _fixed(before, own, known), wanted, "the fixed example differs")
    yield from _differences(shown, after, _fixed(after, own, known), wanted, "fixed again, it changes")


def _fixed(listing: Listing, own: Rule, rules: Sequence[Rule]) -> dict[str, str]:
    """The program's files as `--fix --unsafe-fixes` with this rule leaves them."""
    for _ in range(PASSES):
        found = [each for each in lint_listing(listing, own, rules) if each.code == own.code]
        program = tuple(_fixed_once(listing, file, found) for file in listing.program)
        if program == listing.program:
            break
        listing = replace(listing, program=program)
    return {file.name: file.plain for file in listing.program}


def _fixed_once(listing: Listing, file: File, found: Sequence[Diagnostic]) -> File:
    mine = [
        each.fix
        for each in found
        if each.fix
        and each.place.path == file.name
        and listing.in_program(file.name, each.place.span.start.row)
    ]
    text, count = fix_text(file.plain, mine)
    return replace(file, text=text) if count else file


def _differences(
    shown: Shown, listing: Listing, got: dict[str, str], wanted: dict[str, str], what: str
) -> Iterator[str]:
    for name in sorted(got.keys() | wanted.keys()):
        old, new = got.get(name, ""), wanted.get(name, "")
        if old != new:
            lines = unified_diff(
                old.splitlines(), new.splitlines(), "the fixer", "the page", n=1, lineterm=""
            )
            yield f"{shown.path}:{listing.row}: {listing.section}: {what}:\n" + "\n".join(lines)


def fix_pairs(page: Page) -> Iterator[tuple[Listing, Listing]]:
    """Each program of `Example` with its fixed form in `Use instead`, by place."""
    before, after = page.section("Example"), page.section("Use instead")
    if before and after:
        yield from zip(before.listings, after.listings, strict=False)
