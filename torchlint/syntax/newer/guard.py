"""A cheap look at a text before libcst sees it, which crashes or takes forever on some.

Its parser overflows the stack at some thousand nested brackets or chained operators, takes time
quadratic in a chain's length, and exponential in the depth of a `case` pattern. A line that is
scanned wrongly here costs a needless refusal at worst.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_DEPTH = 100  # of brackets; CPython's own parser stops at about as many
MAX_PATTERN_DEPTH = 6
MAX_TOKENS = 4_000  # of one element: what stands between commas on one level of brackets
MAX_ELIFS = 1_000  # of one chain

_TOKEN = re.compile(
    r"""(?P<space>[ \t\f]+|\\(?:\r\n|\r|\n)|\#[^\r\n]*)
      | (?P<newline>\r\n|\r|\n)
      | (?P<quote>(?P<prefix>[A-Za-z]{0,2})(?P<quotes>\"\"\"|'''|\"|'))
      | (?P<word>\w+)
      | (?P<open>[(\[{]) | (?P<close>[)\]}])
      | (?P<comma>[,;])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_LINE = re.compile(r"([ \t\f]*)(elif\b|else\b|case\b(?!\s*[=.,)])|[^\s#])?")


@dataclass(slots=True)
class _Level:
    """A level of brackets, or of an f-string's replacement field; `quotes` are those of the f-string.

    `nested` says that the field stands in the format specification of another.
    """

    quotes: str = ""
    nested: bool = False
    tokens: int = 0


def check_depth(text: str) -> None:
    """Raises SyntaxError, with the place, for what libcst would not survive."""
    _Scanner(text).scan()


class _Scanner:
    """Walks over a text's tokens, keeping track of brackets and of strings, f-strings included."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.row = 1
        self.levels = [_Level()]
        self.deepest = MAX_DEPTH
        self.elifs: dict[int, int] = {}

    def scan(self) -> None:
        """Walk to the end of the text; raises SyntaxError where it is too deep."""
        self._start_line()
        while match := _TOKEN.match(self.text, self.at):
            self.at = match.end()
            kind = match.lastgroup
            if kind == "newline":
                self.row += 1
                if len(self.levels) == 1:
                    self.levels[0].tokens = 0
                    self._start_line()
            elif kind == "quote":
                self._count()
                self._string(match["prefix"].lower(), match["quotes"])
            elif kind != "space":
                self._token(kind, match[0])
            elif match[0].startswith("\\"):
                self.row += 1

    def _token(self, kind: str | None, token: str) -> None:
        level = self.levels[-1]
        if kind == "comma":
            level.tokens = 0
            return
        self._count()
        if kind == "open":
            self._push(_Level())
        elif kind == "close" and len(self.levels) > 1:
            self.levels.pop()
            if level.quotes:
                self._literal(level.quotes, level.nested)
        elif token == ":" and level.quotes:
            self._literal(level.quotes, True)

    def _count(self) -> None:
        level = self.levels[-1]
        level.tokens += 1
        if level.tokens > MAX_TOKENS:
            raise self._error()

    def _push(self, level: _Level) -> None:
        self.levels.append(level)
        if len(self.levels) > self.deepest + 1:
            raise self._error()

    def _error(self) -> SyntaxError:
        column = self.at - max(self.text.rfind("\n", 0, self.at), self.text.rfind("\r", 0, self.at))
        return SyntaxError("nested too deeply to be read", ("<text>", self.row, max(column - 1, 1), ""))

    def _start_line(self) -> None:
        match = _LINE.match(self.text, self.at)
        assert match is not None
        indent, word = len(match[1]), match[2]
        self.deepest = MAX_PATTERN_DEPTH if word == "case" else MAX_DEPTH
        if word:
            self.elifs[indent] = self.elifs.get(indent, 0) + 1 if word == "elif" else 0
            if self.elifs[indent] > MAX_ELIFS:
                raise self._error()

    def _string(self, prefix: str, quotes: str) -> None:
        if "f" in prefix or "t" in prefix:
            self._literal(quotes, False)
            return
        inner = r"." if len(quotes) == 3 else r"[^\r\n]"
        string = re.compile(rf"(?:\\(?:\r\n|.)|(?!{quotes}){inner})*(?:{quotes})?", re.DOTALL)
        match = string.match(self.text, self.at)
        assert match is not None
        self._move(match.end())

    def _literal(self, quotes: str, specification: bool) -> None:
        """Move over a literal part of an f-string, to its next replacement field or its end.

        A `specification` is what follows the colon of the field that is the innermost level.
        """
        doubled = "" if specification else r"\{\{|\}\}|"
        newline = "" if len(quotes) == 3 else r"|\r|\n"
        stop = re.compile(
            rf"\\N\{{[^}}\r\n]*\}}|\\(?:\r\n|[^{{}}])|{doubled}\{{|\}}|{quotes}{newline}", re.DOTALL
        )
        for match in stop.finditer(self.text, self.at):
            if match[0] == "{":
                self._move(match.end())
                self._push(_Level(quotes, nested=specification))
                return
            if match[0] == "}" and specification:
                self._move(match.end())
                self._literal(quotes, self.levels.pop().nested)
                return
            if match[0] in (quotes, "\r", "\n"):
                self._move(match.end() if match[0] == quotes else match.start())
                if specification:
                    self.levels.pop()
                return
        self._move(len(self.text))

    def _move(self, end: int) -> None:
        between = self.text[self.at : end]
        self.row += between.count("\n") + between.count("\r") - between.count("\r\n")
        self.at = end
