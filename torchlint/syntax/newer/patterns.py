"""libcst's patterns of `match` as those of `ast`."""

from __future__ import annotations

import ast
from typing import Any

import libcst as cst

from torchlint.syntax.newer.expressions import identifier
from torchlint.syntax.newer.strings import Strings


class Patterns(Strings):
    """Converts patterns; a method is named for the libcst node that it takes."""

    def pattern(self, node: cst.CSTNode) -> Any:
        """The `ast` pattern for a libcst one."""
        made = getattr(self, type(node).__name__)(node)
        if hasattr(made, "lineno"):
            return made
        return self.spans.place(made, self.spans.start(node), self.spans.end(node))

    def MatchValue(self, node: cst.MatchValue) -> ast.pattern:
        value = self.expression(node.value)
        return ast.copy_location(ast.MatchValue(value), value)

    def MatchSingleton(self, node: cst.MatchSingleton) -> ast.pattern:
        return ast.MatchSingleton({"True": True, "False": False, "None": None}[node.value.value])

    def MatchSequenceElement(self, node: cst.MatchSequenceElement) -> ast.pattern:
        made: ast.pattern = self.pattern(node.value)
        return made

    def MatchStar(self, node: cst.MatchStar) -> ast.pattern:
        made = ast.MatchStar(identifier(node.name.value) if node.name else None)
        start = self.spans.start(node)
        end = self.spans.end(node.name) if node.name else self.spans.skip(start + 1) + 1
        return self.spans.place(made, start, end)

    def MatchList(self, node: cst.MatchList) -> ast.pattern:
        made = ast.MatchSequence([self.pattern(each) for each in node.patterns])
        if node.lbracket:
            return made
        first, last = node.patterns[0], node.patterns[-1]
        start = (
            self.spans.start(first) if isinstance(first, cst.MatchStar) else self._pattern_start(first.value)
        )
        return self.spans.place(made, start, self._last_end(last))

    def _pattern_start(self, node: cst.CSTNode) -> int:
        if isinstance(node, cst.MatchValue):
            return self.spans.outer_start(node.value)
        return self.spans.outer_start(node)

    def _last_end(self, node: Any) -> int:
        if isinstance(node, cst.MatchStar):
            made = self.MatchStar(node)
            end = self.spans.offset(made.end_lineno, made.end_col_offset)
        elif isinstance(node.value, cst.MatchValue):
            end = self.spans.outer_end(node.value.value)
        else:
            end = self.spans.outer_end(node.value)
        separator = getattr(node, "separator", None) or getattr(node, "comma", None)
        return self.spans.skip(end) + 1 if isinstance(separator, cst.Comma) else end

    def MatchTuple(self, node: cst.MatchTuple) -> ast.pattern:
        made = ast.MatchSequence([self.pattern(each) for each in node.patterns])
        return self.spans.place(made, self.spans.start(node.lpar[-1]), self.spans.end(node.rpar[0]))

    def MatchMapping(self, node: cst.MatchMapping) -> ast.pattern:
        keys = [self.expression(each.key) for each in node.elements]
        patterns = [self.pattern(each.pattern) for each in node.elements]
        return ast.MatchMapping(keys, patterns, identifier(node.rest.value) if node.rest else None)

    def MatchClass(self, node: cst.MatchClass) -> ast.pattern:
        return ast.MatchClass(
            self.expression(node.cls),
            [self.pattern(each) for each in node.patterns],
            [identifier(each.key.value) for each in node.kwds],
            [self.pattern(each.pattern) for each in node.kwds],
        )

    def MatchAs(self, node: cst.MatchAs) -> ast.pattern:
        pattern = self.pattern(node.pattern) if node.pattern else None
        return ast.MatchAs(pattern, identifier(node.name.value) if node.name else None)

    def MatchOr(self, node: cst.MatchOr) -> ast.pattern:
        return ast.MatchOr([self.pattern(each.pattern) for each in node.patterns])
