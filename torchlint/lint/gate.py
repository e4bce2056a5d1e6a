"""A sound look before the work: a program that lacks the words of every rule is not interpreted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from torchlint.diagnostic import Diagnostic
from torchlint.lint.plugins import HANDLED
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.rule import Rule
from torchlint.syntax.tree import Tree, parse

if TYPE_CHECKING:
    from torchlint.lint.cache import Cache

# The libraries, by the words that an import of them holds, that tensors and modules come from.
_SOURCES = ("torch", "lightning", "timm")


def can_fire(rules: Iterable[Rule], texts: Sequence[str]) -> tuple[Rule, ...]:
    """The rules that may report something in a program of these texts, by their words.

    What a package does whose handlers are not ours no word of ours tells: a program that names one may fire them all.
    """
    known: dict[str, bool] = {}

    def present(word: str) -> bool:
        if word not in known:
            known[word] = any(word in text for text in texts)
        return known[word]

    if any(map(present, HANDLED)):
        return tuple(rules)
    return tuple(rule for rule in rules if all(any(map(present, group)) for group in _words(rule)))


def _words(rule: Rule) -> tuple[tuple[str, ...], ...]:
    """The words of a rule; one of ours that names none still needs a tensor or module from somewhere."""
    ours = rule.check.__module__.startswith("torchlint.rules.")
    return rule.words or ((_SOURCES,) if ours else ())


def lint_gated(
    program: Program,
    rules: Iterable[Rule],
    read: Callable[[Source], Tree] = parse,
    pulse: Callable[[], None] | None = None,
    cache: Cache | None = None,
) -> list[Diagnostic]:
    """What `lint` reports, for less where no rule can fire: then the files are read for their syntax alone.

    With a cache, what is known from before a change is used again where the whole program is linted.
    """
    from torchlint.lint.linter import lint

    texts = [source.text for source in program.sources.values()]
    concerned = [rule for rule in rules if any(rule.concerns(program.targets.get(path)) for path in program.sources)]
    if possible := can_fire(concerned, texts):
        if cache is not None and program.imports is not None and len(program.sources) > 1 and program.linted.issuperset(program.sources):
            from torchlint.lint.keeping import lint_kept

            return lint_kept(program, possible, cache, read, pulse)
        return lint(program, possible, read, pulse)
    odd = [path for path in sorted(program.linted) if not _compiles(program.sources[path])]
    return [found for path in odd for found in lint(Program({path: program.sources[path]}, frozenset([path])), ())]


def _compiles(source: Source) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Compiling without keeping the result takes less than half the time of a tree.
            compile(source.text, source.path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
