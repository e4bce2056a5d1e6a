"""A sample of the oracle for crashes: mutants of small programs are run, and what torchlint says of them is held against that."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from random import Random

import pytest
from crashes import (
    ELSEWHERE,
    MISSED,
    NOT_REACHED,
    REPORTED,
    SILENT,
    WRONG,
    Files,
    Mutant,
    Torch,
    Verdict,
    default_lint,
    judged,
    mutants_of,
    raising,
    table,
    usable,
)
from exceptions import kind_of
from mutants import KINDS, mutants
from subjects import Subject, of_pages, without_asserts
from traps import Source

from torchlint.diagnostic import Diagnostic, Place, Position, Related, Span
from torchlint.rule import all_rules

_PAGES = ("channel-mismatch", "linear-in-features", "matmul-shape", "rank-mismatch", "backward-on-vector", "cross-entropy-target", "integer-into-float", "missing-zero-grad")
_MUTANTS = 5
_PRODUCT = "TL104"


@pytest.fixture(scope="module")
def torch() -> Iterator[Torch]:
    started = Torch(sys.executable)
    yield started
    started.close()


@pytest.fixture(scope="module")
def sample(torch: Torch) -> list[Verdict]:
    of_rules = [each for each in of_pages() if each.name.startswith(tuple(f"rules/{name}.md" for name in _PAGES))]
    chosen = list(usable(of_rules, torch))
    codes = raising(all_rules())
    return [verdict for subject in chosen for mutant in mutants_of(subject, _MUTANTS, 5) if (verdict := judged(mutant, torch, codes))]


def test_no_mutant_that_runs_is_reported_as_one_that_raises(sample: list[Verdict]) -> None:
    assert not [each.shown for each in sample if each.word == WRONG]
    assert sum(each.raised is None for each in sample) > 20


def test_most_mutants_whose_shapes_do_not_fit_are_reported(sample: list[Verdict]) -> None:
    shapes = [each for each in sample if each.raised and kind_of(each.raised.message) == "shape"]
    assert len(shapes) >= 8
    assert sum(each.word == REPORTED for each in shapes) > len(shapes) / 2, [each.shown for each in shapes]


def report(row: int, code: str = _PRODUCT, related: int | None = None) -> Diagnostic:
    def place(at: int) -> Place:
        return Place("example.py", Span(Position(at, 1), Position(at, 2)))

    return Diagnostic(code, "a-rule", "a message", place(row), related=() if related is None else (Related(place(related), ""),))


RUNS = "import torch\nx = torch.rand(2, 3)\nif x.dim() > 2:\n    y = x @ x\nz = (\n    x @ x.T\n)\n"
RAISES = RUNS.replace("x.T", "x")


def word(torch: Torch, text: str, *reports: Diagnostic) -> str:
    verdict = judged(Mutant("a program", "a number changed", {"example.py": text}), torch, frozenset({_PRODUCT}), lambda files: list(reports))
    assert verdict is not None
    return verdict.word


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([report(5)], REPORTED),
        ([report(6)], REPORTED),
        ([report(2, related=6)], REPORTED),
        ([report(2)], ELSEWHERE),
        ([], MISSED),
    ],
)
def test_a_run_that_raises_wants_a_report_that_names_the_statement(torch: Torch, said: list[Diagnostic], expected: str) -> None:
    assert word(torch, RAISES, *said) == expected


@pytest.mark.parametrize(("said", "expected"), [([], SILENT), ([report(6)], WRONG), ([report(4)], NOT_REACHED), ([report(6, "TL401")], "other harm")])
def test_a_run_to_the_end_contradicts_an_error_at_a_line_that_ran(torch: Torch, said: list[Diagnostic], expected: str) -> None:
    assert word(torch, RUNS, *said) == expected


def test_a_program_that_does_not_end_is_no_evidence(torch: Torch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crashes._SECONDS", 1)
    assert judged(Mutant("a program", "a line removed", {"example.py": "while True:\n    pass\n"}), torch, frozenset()) is None


def test_what_raises_or_is_reported_or_was_seen_already_is_not_mutated(torch: Torch) -> None:
    subjects = [Subject(name, {"example.py": text}) for name, text in (("raises", RAISES), ("runs", RUNS), ("again", RUNS))]
    assert [each.name for each in usable(subjects, torch)] == ["runs"]

    def says_something(files: Files) -> list[Diagnostic]:
        return [report(1)]

    assert not list(usable(subjects, torch, says_something))


def test_the_seed_decides_which_mutants_are_made() -> None:
    subject = Subject("a program", {"model.py": "import torch\nx = torch.ones(2, 3)\n", "example.py": RUNS})
    first, again, other = (list(mutants_of(subject, 20, seed)) for seed in (0, 0, 1))
    assert first == again != other
    assert all(each.files != subject.files for each in first)


CODE = """\
import torch
from torch import nn
layer = nn.Linear(8, 3)
x = torch.cat((a, b), dim=1).float()
y = layer(x.unsqueeze(0)) @ w
nn.CrossEntropyLoss()(y, t).backward()
torch.flatten(y, 1)
"""


@pytest.mark.parametrize(
    ("kind", "row", "line"),
    [
        ("a number changed", 5, "y = layer(x.unsqueeze(1)) @ w"),
        ("a dim changed", 4, "x = torch.cat((a, b), dim=2).float()"),
        ("a dim changed", 7, "torch.flatten(y, -2)"),
        ("a dtype changed", 4, "x = torch.cat((a, b), dim=1).long()"),
        ("an argument removed", 4, "x = torch.cat((a, b)).float()"),
        ("an argument added", 7, "torch.flatten(y, 1, keepdim=True)"),
        ("two arguments swapped", 3, "layer = nn.Linear(3, 8)"),
        ("two statements swapped", 6, "torch.flatten(y, 1)"),
        ("a line removed", 3, "pass"),
        ("a line repeated", 7, "nn.CrossEntropyLoss()(y, t).backward()"),
        ("a layer's features changed", 3, "layer = nn.Linear(8, 4)"),
        ("a reduction changed", 6, 'nn.CrossEntropyLoss(reduction="none")(y, t).backward()'),
        ("a name misspelt", 5, "y = layer(x.unsqueez(0)) @ w"),
        ("a relative called instead", 4, "x = torch.stack((a, b), dim=1).float()"),
        ("a call dropped", 4, "x = torch.cat((a, b), dim=1)"),
        ("an operator changed", 5, "y = (layer(x.unsqueeze(0))) * (w)"),
        ("a graph cut or asked for", 6, "nn.CrossEntropyLoss()(y, t).detach().backward()"),
        ("a trap of traps.py", 3, "layer = nn.Linear(9, 3)"),
    ],
)
def test_each_kind_of_mutant_changes_its_own(kind: str, row: int, line: str) -> None:
    data = CODE.encode()
    made = [data[: at.start].decode() + at.text + data[at.end :].decode() for at in KINDS[kind](Source.of(data, data))]
    assert line in [text.split("\n")[row - 1] for text in made]


def test_mutants_of_all_kinds_differ_and_are_python() -> None:
    made = list(mutants(CODE, 10_000, Random(0)))
    assert {kind for kind, _ in made} == set(KINDS)
    texts = [text for _, text in made]
    assert len(set(texts) - {CODE}) == len(texts) > 100
    assert all(ast.parse(text) for text in texts)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x8 and 9x3)", "shape"),
        ("RuntimeError: expected scalar type Float but found Double", "dtype"),
        ("AttributeError: 'Tensor' object has no attribute 'veiw'", "attribute"),
        ("TypeError: linear(): argument 'input' must be Tensor, not int", "type or argument"),
        ("IndexError: Dimension out of range (expected to be in range of [-2, 1], but got 2)", "index"),
        ("RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn", "gradient"),
        ("NameError: name 'x' is not defined", "name not bound"),
        ("ZeroDivisionError: division by zero", "other"),
    ],
)
def test_exceptions_are_told_apart_by_class_and_message(said: str, kind: str) -> None:
    assert kind_of(said) == kind


def test_an_assert_is_computed_and_not_judged() -> None:
    assert without_asserts("assert x == (\n    1\n), 'text'\nif y:\n    assert f(x)\n") == "print(x == (\n    1\n))\nif y:\n    print(f(x))\n"
    assert default_lint({"example.py": RUNS}) == []


def test_the_table_counts_every_verdict_once(sample: list[Verdict]) -> None:
    rows = {line.split("|")[1].strip(): [int(each.strip().replace(",", "")) for each in line.split("|")[2:-1]] for line in table(sample) if line.count("|") == 12 and "---" not in line and "mutants" not in line}
    assert rows["**all**"] == [sum(column) for column in zip(*(rows[kind] for kind in KINDS), strict=True)]
    mutants_made, raised, *_ = rows["**all**"]
    assert (mutants_made, raised) == (len(sample), sum(each.raised is not None for each in sample))
