"""A sound look before the work: a program that lacks the words of every rule is not interpreted."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from torchlint.diagnostic import Diagnostic
from torchlint.own_rules import SYNTAX_ERROR
from torchlint.program import Program
from torchlint.rule import Rule
from torchlint.source import Source


def can_fire(rules: Iterable[Rule], texts: Sequence[str]) -> tuple[Rule, ...]:
    """The rules that may report something in a program of these texts, by their words."""
    known: dict[str, bool] = {}

    def present(word: str) -> bool:
        if word not in known:
            known[word] = any(word in text for text in texts)
        return known[word]

    return tuple(rule for rule in rules if all(any(map(present, group)) for group in rule.words))


def lint_gated(program: Program, rules: Iterable[Rule]) -> list[Diagnostic]:
    """What `lint` reports, for less where no rule can fire: then the files are read for their syntax alone."""
    from torchlint.linter import lint

    texts = [source.text for source in program.sources.values()]
    if possible := can_fire(rules, texts):
        return lint(program, possible)
    linted = (program.sources[path] for path in sorted(program.linted))
    return [found for source in linted for found in _syntax_errors(source)]


def _syntax_errors(source: Source) -> list[Diagnostic]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Compiling without keeping the result takes less than half the time of a tree.
            compile(source.text, source.path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        from torchlint.syntax import SyntaxProblem, parse

        try:
            parse(source)
        except SyntaxProblem as problem:
            return [SYNTAX_ERROR.at(problem.place, problem.message)]
    return []
