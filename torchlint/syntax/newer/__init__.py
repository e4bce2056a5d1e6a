"""Reads syntax newer than the running Python: libcst parses it, and its tree becomes one of `ast`.

What the running `ast` has no word for becomes the nearest that it has: type parameters are dropped,
`type X = …` is an assignment, `except A, B` catches a tuple, `lazy import` is an import, a template
string is an f-string, and what is unpacked in a comprehension is a starred element.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from torchlint.syntax.newer.guard import check_depth
from torchlint.syntax.newer.spans import Spans
from torchlint.syntax.newer.statements import Statements

# Enough for the depth that the guard lets pass, at the several frames a level that libcst takes.
_RECURSION = 20_000
# libcst does not take it for a line's end, and Python reads both alike.
_OLD_NEWLINE = re.compile(r"\r(?!\n)")


def parse_newer(text: str) -> ast.Module:
    """The `ast` tree of a text, with the positions that `ast.parse` gives.

    Raises SyntaxError where the text is no Python that libcst knows, or nested too deeply to be read.
    """
    check_depth(text)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _convert(_OLD_NEWLINE.sub("\n", text))
    except cst.ParserSyntaxError as error:
        raise SyntaxError("invalid syntax", ("<text>", error.raw_line, error.raw_column + 1, "")) from error
    except RecursionError as error:
        raise SyntaxError("nested too deeply to be read", ("<text>", 1, 1, "")) from error
    except (ValueError, cst.CSTValidationError) as error:
        raise SyntaxError(str(error), ("<text>", 1, 1, "")) from error
    finally:
        sys.setrecursionlimit(limit)


def _convert(text: str) -> ast.Module:
    module = cst.parse_module(text)
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(ByteSpanPositionProvider)
    return Statements(Spans(text, module.code, spans)).module(module)
