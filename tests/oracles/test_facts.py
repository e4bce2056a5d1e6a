"""A sample of the oracle for facts: a small project is run with notes in it, and what torchlint says of it is held against that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from claims import Claim, Claims, Said
from facts import HERE as BENCH
from facts import Comparison, claims_in, compare, observations

PROJECT = Path(__file__).parent / "project"
_ENOUGH = 250


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run of the project's tests shows."""
    into = tmp_path_factory.mktemp("seen") / "project.json"
    command = [sys.executable, str(BENCH / "observing.py"), "--root", str(PROJECT), "--into", str(into), "test_model.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return into


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Claims:
    monkeypatch.chdir(PROJECT)
    return claims_in(PROJECT)


def held(claims: Claims, seen: Path) -> Comparison:
    return compare(claims, observations(seen))


def altered(claims: Claims, kind: str, change: Callable[[Said], Said]) -> Claims:
    """The claims with another word on each value of a kind."""

    def changed(claim: Claim) -> Claim:
        return replace(claim, values={change(each) if each.kind == kind else each for each in claim.values})

    return {place: {way: changed(claim) for way, claim in ways.items()} for place, ways in claims.items()}


def with_fact(name: str, value: object) -> Callable[[Said], Said]:
    return lambda said: replace(said, facts=tuple({**dict(said.facts), name: value}.items()))


def test_a_run_contradicts_nothing_that_is_said(claims: Claims, seen: Path) -> None:
    found = held(claims, seen)
    assert not found.wrong, dict(found.wrong)
    assert found.compared > _ENOUGH
    assert found.known / found.values > 0.8


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("Tensor", "dtype", "int16"),
        ("Tensor", "shape", (1, 2, 3, 4, 5, 6, 7)),
        ("Tensor", "device", "cuda"),
        ("Const", "value", "'nothing'"),
        ("Instance", "class", "torch.nn.Bilinear"),
        ("List", "length", 77),
    ],
)
def test_what_is_said_wrongly_is_found(claims: Claims, seen: Path, kind: str, name: str, value: object) -> None:
    found = held(altered(claims, kind, with_fact(name, value)), seen)
    assert any(fact in (name, "kind") for fact, _ in found.wrong), dict(found.wrong)


def test_gradients_that_are_on_contradict_that_they_are_off(claims: Claims, seen: Path) -> None:
    wrong = {place: {way: replace(claim, grads={False}) for way, claim in ways.items()} for place, ways in claims.items()}
    assert ("gradients are off", "no_grad") in held(wrong, seen).wrong


def test_a_mode_is_held_against_the_module_that_ran(claims: Claims, seen: Path) -> None:
    found = held(altered(claims, "Instance", lambda said: with_fact("training", not said.fact("training"))(said) if said.fact("training") is not None else said), seen)
    assert any(fact == "training" for fact, _ in found.wrong)


def test_runs_that_came_another_way_are_not_compared(claims: Claims, seen: Path) -> None:
    elsewhere = {place: {("nowhere.py:1:0:1:1", *way): claim for way, claim in ways.items()} for place, ways in claims.items()}
    assert held(elsewhere, seen).compared == 0
