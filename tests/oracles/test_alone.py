"""What is said in a method or a function that nobody calls: what others may have done before is not known there."""

from __future__ import annotations

import ast
import textwrap

import pytest
from claims import Said, claims_of
from observing import place_of

from tests.analysis.reading import HEADER
from torchlint.project.program import Program
from torchlint.project.source import Source


def said_of(text: str, expression: str) -> set[Said]:
    """What is said of the last expression that is written so; nothing where it is not known."""
    program = HEADER + textwrap.dedent(text)
    nodes = [each for each in ast.walk(ast.parse(program)) if isinstance(each, ast.expr) and ast.unparse(each) == expression]
    last = max(nodes, key=lambda each: (each.lineno, each.col_offset))
    claims = claims_of([Program({"main.py": Source("main.py", program)}, frozenset({"main.py"}))])
    return {each for claim in claims[place_of("main.py", last)].values() if claim.known for each in claim.values}


UNSETTLED = {
    "an attribute of the class that a method sets": ("class S:\n    on = False\n    @classmethod\n    def switch(cls):\n        cls.on = True\n    @classmethod\n    def get(cls):\n        return cls.on", "cls.on"),
    "a list on the class that __init__ fills": ("class S:\n    all = []\n    def __init__(self):\n        S.all.append(self)\n    def count(self):\n        return len(S.all)", "len(S.all)"),
    "a list on self that another method fills": ("class S:\n    def __init__(self):\n        self.seen = []\n    def add(self, x):\n        self.seen.append(x)\n    def count(self):\n        return len(self.seen)", "len(self.seen)"),
    "an object on self that another method replaces": ("class S:\n    def __init__(self):\n        self.last = self\n    def go(self, other):\n        self.last = other\n    def get(self):\n        return self.last", "self.last"),
    "a buffer that another method registers": (
        "class M(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.register_buffer('b', None)\n    def fill(self, x):\n        self.register_buffer('b', x)\n    def get(self):\n        return self.b", "self.b",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UNSETTLED)
def test_what_others_change_is_not_settled(what: str) -> None:
    text, expression = UNSETTLED[what]
    assert said_of(text, expression) == set()


def test_what_nobody_changes_is_settled() -> None:
    (found,) = said_of("class S:\n    on = False\n    def get(self):\n        return self.on", "self.on")
    assert found.fact("value") == "False"


def test_an_annotated_parameter_may_be_the_none_that_is_its_default() -> None:
    (found,) = said_of("def f(mask: torch.Tensor = None):\n    return mask", "mask")
    assert {each.kind for each in found.fact("of")} == {"Tensor", "Const"}


def test_the_layers_of_what_is_made_alone_are_in_no_known_mode() -> None:
    text = "class M(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.drop = nn.Dropout()\n    def use(self):\n        return self.drop"
    (found,) = said_of(text, "self.drop")
    assert found.fact("class") == "torch.nn.Dropout" and found.fact("training") is None


def test_a_module_that_is_a_default_is_in_no_known_mode() -> None:
    (found,) = said_of("def f(layer=nn.Dropout()):\n    return layer\nf()", "layer")
    assert found.fact("class") == "torch.nn.Dropout" and found.fact("training") is None


def test_new_is_given_the_class() -> None:
    (found,) = said_of("class S:\n    def __new__(cls):\n        return super().__new__(cls)", "cls")
    assert (found.kind, found.fact("name")) == ("Class", "S")
