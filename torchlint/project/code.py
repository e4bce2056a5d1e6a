"""The code of a file's text: what is left when what its comments say is taken away.

Every line and column of code stays where it was, so that two texts of the same code mean the same and are reported on at the same places.
"""

from __future__ import annotations

import re

# Strings first, since a `#` in one begins no comment; what has no end in its line is passed by as it is.
_STRING_OR_COMMENT = re.compile(
    r"(\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')|[ \t]*#[^\n\r]*",
    re.DOTALL,
)


def code_of(text: str) -> str:
    """The text without comments, the blanks before them and those at its end.

    Strings inside the braces of an f-string may be misread (`f"{x["#"]}"`); then no comment is taken for code, but code may be
    taken for a comment: two texts that differ there alone are told apart by no one but their own files' readers.
    """
    return (_STRING_OR_COMMENT.sub(lambda match: match[1] or "", text) if "#" in text else text).rstrip()
