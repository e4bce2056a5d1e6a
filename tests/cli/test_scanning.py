"""What is read off a text without parsing it: every call in a block under a word is among what is found."""

from __future__ import annotations

import ast

import pytest

from torchlint.analysis.values.written.callers import called_guarded
from torchlint.project.code import code_of
from torchlint.project.scanning import called_in_blocks

WORDS = ("no_grad", "inference_mode", "set_grad_enabled")
BLOCKS = {
    "a block": "def run(model):\n    with torch.no_grad():\n        a = first(model)\n\n        b = second(a)\n    return third(b)\n",
    "a line": "with torch.no_grad(): first(x)\n",
    "several heads over lines": "def run(x):\n    with (\n        torch.no_grad(),\n        opened() as file,\n    ):\n        first(x)\n        second(x)\n",
    "a decorated function": "class Net:\n    @torch.no_grad()\n    def run(\n        self,\n        x,\n    ):\n        first(x)\n        if x:\n            second(x)\n\n    def other(self):\n        third()\n",
    "a decorated function after other decorators": "@torch.inference_mode()\n@other\nasync def run(x):\n    first(x)\n",
    "a switch": "def run(x):\n    with torch.set_grad_enabled(False):\n        first(x)\n",
    "a block in a block": "for x in y:\n    with torch.no_grad():\n        for z in x:\n            with opened(z):\n                first(z)\n    second(x)\n",
}


@pytest.mark.parametrize("text", BLOCKS.values(), ids=BLOCKS)
def test_calls_in_blocks_are_found_as_in_the_tree(text: str) -> None:
    in_tree = called_guarded(ast.parse(text))
    assert "first" in in_tree
    assert in_tree <= called_in_blocks(text, WORDS)


def test_what_follows_a_block_is_not_in_it() -> None:
    assert "third" not in called_in_blocks(BLOCKS["a block"], WORDS)
    assert "third" not in called_in_blocks(BLOCKS["a decorated function"], WORDS)


def test_a_text_without_the_words_has_no_such_calls() -> None:
    assert called_in_blocks("with opened() as file:\n    first(file)\n", WORDS) == frozenset()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = 1  # one\n", "x = 1"),
        ("# alone\nx = 1\n", "\nx = 1"),
        ("x = '# no comment'  # one\n", "x = '# no comment'"),
        ('"""a # in\nlines"""\nx = 1 # one', '"""a # in\nlines"""\nx = 1'),
        ("x = r'\\'  # '\ny = 1", "x = r'\\'  # '\ny = 1"),
    ],
)
def test_comments_are_taken_away_and_strings_are_not(text: str, code: str) -> None:
    assert code_of(text) == code
