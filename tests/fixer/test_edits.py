"""Fixes that are made from places: what stands around what changes stays as it is."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from torchlint.analysis.edits.assignments import left_alone, made_a_call, named_first, value_handed_to
from torchlint.analysis.edits.calls import (
    argument_instead,
    method_left_out,
    method_replaced,
    run_by,
    set_argument,
)
from torchlint.analysis.edits.flattening import each_sample, from_first_dim, size_of_receiver
from torchlint.analysis.edits.lists import made_for_each
from torchlint.analysis.edits.operations import term_added
from torchlint.analysis.edits.places import unwrap
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import argument_of, operand_sites
from torchlint.diagnostic import Fix
from torchlint.fix.apply import fix_text
from torchlint.project.source import Source
from torchlint.syntax.tree import parse


def sites(text: str) -> tuple[Site, Site]:
    """The value of a program's one assignment, which may stand under an `if`, and its first target."""
    tree = parse(Source("program.py", text))
    (assignment,) = (each for each in ast.walk(tree.module) if isinstance(each, ast.Assign))
    return Site(tree, assignment.value), Site(tree, assignment.targets[0])


def argument(call: Site) -> Site:
    found = argument_of(call, 0)
    assert found is not None
    return found


def operand(operation: Site) -> Site:
    """The left side of an operator, or the receiver of a method."""
    (found,) = operand_sites(operation, 1, method=True)
    assert found is not None
    return found


def first_size(value: Site) -> Fix | None:
    return size_of_receiver(value, argument(value), "")


FIXES: list[tuple[str, Callable[[Site, Site], Fix | None], str]] = [
    ("self.mask = a > 0", lambda value, target: made_a_call(target, "register_buffer", '"mask"', ""), 'self.register_buffer("mask", a > 0)'),
    ("self.mask = (a > 0)  # c", lambda value, target: made_a_call(target, "register_buffer", '"mask"', ""), 'self.register_buffer("mask", a > 0)  # c'),
    ("self.parts = [a]", lambda value, target: value_handed_to(target, "nn.ModuleList", ""), "self.parts = nn.ModuleList([a])"),
    ("net = net.load(s)", lambda value, target: left_alone(value, ""), "net.load(s)"),
    ("if a:\n  net = Net().load(s)", lambda value, target: named_first(target, value, ""), "if a:\n  net = Net()\n  net.load(s)"),
    ("y = x.view(\n    -1,\n)", lambda value, target: each_sample(value, 1, ""), "y = x.flatten(1)"),
    ("y = x.view(8, -1)", lambda value, target: first_size(value), "y = x.view(x.size(0), -1)"),
    ("y = flatten(x, start_dim=0)", lambda value, target: from_first_dim(value, ""), "y = flatten(x, start_dim=1)"),
    ("y = flatten((x))", lambda value, target: from_first_dim(value, ""), "y = flatten((x), 1)"),
    ("y = a.b(c)", lambda value, target: method_replaced(value, "d()", ""), "y = a.d()"),
    ("y = net.forward(c)", lambda value, target: method_left_out(value, "forward", ""), "y = net(c)"),
    ("y = F.forward(c)", lambda value, target: run_by(value, "forward", "apply", ""), "y = F.apply(c)"),
    ("y = F()(c)", lambda value, target: run_by(value, "forward", "apply", ""), "y = F.apply(c)"),
    ("y = f(a, 1)", lambda value, target: set_argument(value, 1, "n", "2", ""), "y = f(a, 2)"),
    ("y = f(a)", lambda value, target: set_argument(value, 1, "n", "2", ""), "y = f(a, n=2)"),
    ("y = f(a)", lambda value, target: argument_instead(value, argument(value), "copy()", ""), "y = a.copy()"),
    ("y = f(a + b)", lambda value, target: argument_instead(value, argument(value), "copy()", ""), "y = (a + b).copy()"),
    ("y = f(a.sum())", lambda value, target: Fix("", term_added(argument(value), "1")), "y = f(a.sum() + 1)"),
    ("y = a.sum() ** 0.5", lambda value, target: Fix("", term_added(operand(value), "1")), "y = (a.sum() + 1) ** 0.5"),
    ("y = (a.sum()) ** 0.5", lambda value, target: Fix("", term_added(operand(value), "1")), "y = (a.sum() + 1) ** 0.5"),
    ("y = a.sum().sqrt()", lambda value, target: Fix("", term_added(operand(value), "1")), "y = (a.sum() + 1).sqrt()"),
    ("y = (a + b) / 255 * c", lambda value, target: unwrap(operand(value), operand(operand(value)), ""), "y = (a + b) * c"),
    ("y = 3 * [f(a)]", lambda value, target: made_for_each(value, ""), "y = [f(a) for _ in range(3)]"),
]


@pytest.mark.parametrize(("before", "make", "after"), FIXES)
def test_a_fix_changes_what_it_is_made_for(before: str, make: Callable[[Site, Site], Fix | None], after: str) -> None:
    fix = make(*sites(before))
    assert fix is not None
    assert fix_text(before, [fix]) == (after, 1)


NO_FIXES: list[tuple[str, Callable[[Site, Site], Fix | None]]] = [
    ("a = self.mask = b", lambda value, target: made_a_call(target, "register_buffer", '"mask"', "")),
    ("self.parts = a, b", lambda value, target: value_handed_to(target, "nn.ModuleList", "")),
    ("y = x.view(8)", lambda value, target: each_sample(value, 1, "")),
    ("y = f(x).view(8, -1)", lambda value, target: first_size(value)),
    ("y = flatten(x, 2)", lambda value, target: from_first_dim(value, "")),
    ("y = net . forward(c)", lambda value, target: method_left_out(value, "forward", "")),
    ("y = 3 * [a]", lambda value, target: made_for_each(value, "")),
]


@pytest.mark.parametrize(("text", "make"), NO_FIXES)
def test_what_takes_more_than_an_edit_is_left_alone(text: str, make: Callable[[Site, Site], Fix | None]) -> None:
    assert make(*sites(text)) is None
