"""Programs whose ways or values are exponential in their length: what is counted here is work, and what is left of values."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Any

import pytest

from tests.analysis.reading import HEADER, values, x
from torchlint.analysis.entries import run_program
from torchlint.analysis.facts.calls import LossCall, ModuleCall
from torchlint.analysis.facts.outputs import Accumulation
from torchlint.analysis.facts.passes import EvaluationPass, Finder, Passes, Run, StateCarried, TrainingStep
from torchlint.analysis.facts.statements import FileRun
from torchlint.analysis.interpret import PYTHON, machine_for
from torchlint.analysis.interpreter.escape import escape
from torchlint.analysis.interpreter.functions import fingerprint
from torchlint.analysis.library.items import set_item
from torchlint.analysis.machine.machine import Limits, Machine
from torchlint.analysis.machine.unit import Unit
from torchlint.analysis.notes.accumulation import used_as_tensor
from torchlint.analysis.passes.history import carried_from
from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Class,
    Const,
    Dict,
    Instance,
    List,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import linear_bases, opaque_base
from torchlint.analysis.values.inspection import counted, known_items
from torchlint.analysis.values.join import join
from torchlint.analysis.values.origins import model_of
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS
from torchlint.project.program import Program
from torchlint.project.source import Source
from torchlint.syntax.tree import parse

TRAP = "\ndef trap(scores, labels):\n    return F.cross_entropy(F.softmax(scores, dim=1), labels)\n"
TRAPPED = "TL401 return F.cross_entropy(F.softmax(scores, dim=1), labels)"
# What one entry point may do that is no statement: what is free, what its budget pays for, and what is under way then.
MOST = Limits().free + Limits().statements // Limits().dear + 200


def machine_of(text: str, wanted: frozenset[type] = frozenset(), emit: Callable[[object], None] = lambda fact: None, calls: Counter[str] | None = None) -> Machine:
    """A machine for a program in one file, which counts the calls that it makes."""

    def call(machine: Machine, *given: Any) -> Value:
        if calls is not None:
            calls["made"] += 1
        return PYTHON.call(machine, *given)

    source = Source("main.py", HEADER + text)
    return machine_for(Program({"main.py": source}, frozenset(["main.py"])), {"main.py": parse(source)}, wanted, emit, language=replace(PYTHON, call=call))


def calls_in(text: str) -> int:
    """How many calls a program's top level makes."""
    calls: Counter[str] = Counter()
    machine_of(text, calls=calls).run_file("main.py")
    return calls["made"]


def facts_in(text: str, *wanted: type) -> list[Any]:
    """The facts that a program's top level shows."""
    found: list[Any] = []
    machine_of(text, frozenset(wanted), found.append).run_file("main.py")
    return found


def work(action: Callable[[], object]) -> int:
    """How many calls of our own functions something takes."""
    made = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal made
        made += event == "call"

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return made


def pairs(first: Value, levels: int) -> Value:
    """A tuple that holds the same thing twice, on so many levels."""
    for _ in range(levels):
        first = Tuple((first, first))
    return first


def sums(first: Value, levels: int) -> Value:
    for _ in range(levels):
        first = Unknown(None, "<sum>", Tuple((first, first)))
    return first


def unfolded(value: Value) -> int:
    """How many things a container holds, those in containers within it included."""
    if isinstance(value, Dict):
        return 1 + sum(map(unfolded, (value.store[ENTRIES] or {}).values()))
    return 1 + sum(map(unfolded, known_items(value) or ()))


def test_calls_of_lambdas_are_paid_for() -> None:
    lambdas = "g0 = lambda a: a\n" + "".join(f"g{n + 1} = lambda a: g{n}(g{n}([a]))\n" for n in range(14))
    assert calls_in(f"{lambdas}g14(1)\n") <= MOST


def test_rounds_of_comprehensions_are_paid_for() -> None:
    program = "def f(a):\n    return a\nv = [[[f(a) for a in range(64)] for b in range(64)] for c in range(4)]\n"
    assert calls_in(program) <= MOST


def test_a_comprehension_that_is_given_up_is_of_unknown_elements() -> None:
    assert x("v = [[[torch.zeros(2) for a in range(64)] for b in range(64)] for c in range(4)]\nx = v[3][63][63]") == "?"


def test_events_that_a_call_tells_again_are_paid_for() -> None:
    chain = "".join(f"def f{n}(a):\n    return f{n + 1}(f{n + 1}(a))\n" for n in range(15)) + "def f15(a):\n    return acme.f(a)\nimport acme\nf0(acme.g())\n"
    (run,) = facts_in(chain, FileRun)
    events = len(run.events)
    assert events <= MOST


def test_what_costs_too_much_leaves_the_rest_of_the_file_to_be_read() -> None:
    chain = "".join(f"def f{n}(a):\n    return f{n + 1}(f{n + 1}(a))\n" for n in range(15)) + "def f15(a):\n    return acme.f(a)\nimport acme\nf0(acme.g())\n"
    told: list[LossCall] = []
    machine = machine_of(chain + TRAP, frozenset([LossCall]), told.append)
    machine.limits = replace(Limits(), free=100, statements=200)
    run_program(machine)
    (loss,) = told
    assert isinstance(loss.input, Tensor) and loss.input.activation is not None and loss.input.activation.kind == "softmax"


def test_an_entry_that_needs_much_leaves_less_to_the_next() -> None:
    machine = machine_of("g = 1\n")
    for _ in range(3):
        machine.begin_entry("main.py")
        machine.charge(2 * Limits().free)
    machine.begin_entry("main.py")
    assert machine.free == Limits().free // 8
    assert machine.budget == Limits().statements


def test_layers_of_containers_of_containers_are_paid_for() -> None:
    nested = "net = nn.Linear(8, 8)\n" + "net = nn.Sequential(net, net)\n" * 14 + "x = net(torch.zeros(2, 8))\n"
    applied = len(facts_in(nested, ModuleCall))
    assert applied <= 3 * MOST
    assert x(nested) == "?"


@pytest.mark.parametrize(
    "step",
    ["v = v + v", "v += v", "v = f'{v}{v}'", "v = v.replace('a', 'aa')"],
)
def test_a_text_beyond_all_use_is_unknown(step: str) -> None:
    assert x("v = 'aa'\n" + f"{step}\n" * 16 + "x = v") == "?"


@pytest.mark.parametrize(
    ("first", "step"),
    [
        ("[1, 2]", "v = v + v"),
        ("(1, 2)", "v = v + v"),
        ("[1, 2]", "v = [*v, *v]"),
        ("(1, 2)", "v = (*v, *v)"),
        ("(1, 2)", "v = many(*v, *v)"),
        ("1", "v = (v, v)"),
        ("1", "v = [v, v]"),
        ("1", "v = {'a': v, 'b': v}"),
        ("1", "v = list(zip([v], [v]))"),
        ("{'a': 1}", "v['b'] = [v['a'], v['a']]; v['a'] = v['b']"),
        ("[1]", "v[0] = (v[0], v[0])"),
        ("[1]", "w = []; w.append(v); w.append(v); v = w"),
    ],
)
def test_no_container_unfolds_without_end(first: str, step: str) -> None:
    found = values(f"def many(*v):\n    return v\nv = {first}\n" + f"{step}\n" * 14)
    parts = unfolded(found["v"])
    assert parts <= 12_000


def test_a_container_that_became_too_large_is_of_unknown_length() -> None:
    assert x("v = [1, 2]\n" + "v = v + v\n" * 14 + "x = len(v)") == "?"
    assert x("v = [1, 2]\n" + "v = v + v\n" * 10 + "x = len(v)") == "2048"


def test_a_list_that_holds_itself_ends_nothing() -> None:
    assert x("import acme\nv = []\nv.append(v)\nw = {}\nw['a'] = [w]\nacme.f(v, w)\nx = torch.zeros(2)") == "(2,) other"


def test_what_is_put_into_itself_is_unknown_there() -> None:
    machine = machine_of("")
    held = List({ITEMS: (UNKNOWN,), ELEMENT: UNKNOWN})
    set_item(machine, held, Const(0), Tuple((held,)), machine.frame.tree.module)
    assert held.store[ITEMS] == (UNKNOWN,)


def test_what_a_deep_copy_shares_is_copied_once() -> None:
    found = values("import copy\na = nn.Linear(2, 2)\nv = copy.deepcopy([a, [a]])\nb, c = v[0], v[1][0]")
    a, b, c = (found[name] for name in "abc")
    assert isinstance(a, Instance) and isinstance(b, Instance) and isinstance(c, Instance)
    assert b.store is c.store and b.store is not a.store


def test_arguments_are_told_apart_without_unfolding_them() -> None:
    assert work(lambda: fingerprint(pairs(Const(1), 14))) < 500
    assert fingerprint(pairs(Const(1), 3)) == fingerprint(pairs(Const(1), 3)) != fingerprint(pairs(Const(2), 3))


def test_ways_meet_without_unfolding_what_they_made() -> None:
    left, right = pairs(Const(1), 14), pairs(Const(2), 14)
    assert work(lambda: join(left, right)) < 500


def test_what_is_given_away_is_gone_through_once() -> None:
    machine = machine_of("")
    assert work(lambda: escape(machine, pairs(Const(1), 14), machine.frame.tree.module)) < 1_000


def test_the_model_behind_a_sum_of_sums_is_looked_for_once() -> None:
    value = sums(Const(1), 14)
    assert work(lambda: model_of(value)) < 500


def test_what_a_sum_of_sums_counts_is_looked_for_once() -> None:
    value = sums(Unknown(), 14)
    assert work(lambda: counted((value,))) < 500


def test_what_is_carried_from_round_to_round_is_looked_for_once() -> None:
    made = Tensor()
    for _ in range(14):
        made = Tensor(inputs=(made, made))
    assert work(lambda: carried_from(made, Tensor())) < 500


def test_the_order_of_bases_is_worked_out_from_theirs() -> None:
    diamonds = "class A0:\n    pass\n" + "".join(f"class L{n}(A{n}): pass\nclass R{n}(A{n}): pass\nclass A{n + 1}(L{n}, R{n}): pass\n" for n in range(10))
    cls = values(diamonds)["A10"]
    assert isinstance(cls, Class)
    assert work(lambda: linear_bases(cls)) < 10_000
    names = [each.name for each in linear_bases(cls) if isinstance(each, Class)]
    assert names[:4] == ["A10", "L9", "R9", "A9"] and names[-1] == "A0" and len(names) == 31


def test_bases_in_an_order_that_python_refuses_follow_one_another() -> None:
    program = "class A: pass\nclass B(A): pass\nclass C(A, B): pass\nclass D(C, A, B): pass\n"
    cls = values(program)["D"]
    assert isinstance(cls, Class)
    assert [each.name for each in linear_bases(cls) if isinstance(each, Class)] == ["D", "C", "A", "B"]


def test_a_class_of_hundreds_of_bases_has_some_that_are_not_known() -> None:
    chain = "class A0: pass\n" + "".join(f"class A{n + 1}(A{n}): pass\n" for n in range(200))
    found = values(chain)
    last, early = found["A200"], found["A10"]
    assert isinstance(last, Class) and isinstance(early, Class)
    whether = [opaque_base(each) for each in (last, early)]
    assert whether == [True, False]


def run_of(text: str, *wanted: type) -> tuple[Run, tuple[Finder, ...]]:
    """What is noted of the passes of a program's top level."""
    noted: list[tuple[Run, tuple[Finder, ...]]] = []

    class Recorder(Passes):
        def add(self, run: Run, finders: tuple[Finder, ...]) -> None:
            noted.append((run, finders))

    machine = machine_of(text, frozenset(wanted))
    machine.units["main.py"] = Unit("main.py", passes=Recorder())
    machine.run_file("main.py")
    return noted[0]


@pytest.mark.parametrize(
    ("block", "line", "wanted"),
    [
        ("for x, y in loader():", "loss = F.cross_entropy(model(x), y); opt.zero_grad(); loss.backward(); opt.step()", TrainingStep),
        ("if True:", "model.eval(); model(x).argmax(1).item()", EvaluationPass),
        ("for x, y in loader():", "y, h = lstm(x, h); y.sum().backward()", StateCarried),
    ],
)
def test_passes_take_work_in_proportion_to_the_trace(block: str, line: str, wanted: type) -> None:
    head = "model, lstm, h, total = nn.Linear(3, 3), nn.LSTM(3, 3), None, 0\nopt = torch.optim.SGD(model.parameters(), 1e-2)\n"

    def finding(lines: int) -> int:
        run, finders = run_of(f"{head}{block}\n" + f"    {line}\n" * lines, wanted)
        return work(lambda: Passes().add(run, finders))

    assert finding(300) < 2.5 * finding(150)


def test_what_sums_are_read_as_is_looked_up_once_for_a_function() -> None:
    loops = "opt, total = torch.optim.SGD([torch.ones(1)], 1e-2), 0\n" + "for x, y in loader():\n    loss = F.cross_entropy(x, y)\n    loss.backward()\n    total += loss\n" * 40
    found = facts_in(loops, Accumulation)
    assert len(found) >= 40
    looking = [work(partial(used_as_tensor, each.frame, each.holder)) for each in found]
    assert max(looking[1:]) < 50


class _Text(str):
    """A text that counts how often a word is looked for in it."""

    looked_for: Counter[str]

    def __contains__(self, word: object) -> bool:
        self.looked_for[str(word)] += 1
        return super().__contains__(word)  # type: ignore[operator]


def test_whether_a_file_has_generators_is_looked_up_once() -> None:
    text = _Text("def f(a):\n    return a\ndef g(a):\n    return a\nf(1)\ng(2)\n")
    text.looked_for = Counter()
    source = Source("main.py", text)
    machine_for(Program({"main.py": source}, frozenset(["main.py"])), {"main.py": parse(source)}).run_file("main.py")
    assert text.looked_for["yield"] == 1
