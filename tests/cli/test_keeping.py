"""After a change of one file the rest of what is known of a program is used again, and the answer is that of a run from nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from torchlint.diagnostic import Diagnostic
from torchlint.lint import keeping
from torchlint.lint.cache import Cache
from torchlint.lint.gate import lint_gated
from torchlint.lint.linter import Linted, lint_entries
from torchlint.lint.plugins import rules_in_force
from torchlint.project.program import Program
from torchlint.project.source import Source

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
FILES = {
    "layers.py": HEAD + "class Head(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(8, 3)\n    def forward(self, x):\n        return F.softmax(self.fc(x), dim=1)\n",
    "model.py": HEAD + "from layers import Head\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.head = Head()\n    def forward(self, x):\n        return self.head(x)\n",
    "train.py": HEAD + "from model import Net\ndef step(x, y):\n    return nn.CrossEntropyLoss()(Net()(x), y)\n",
    "engine.py": HEAD + "def run(model, loader):\n    for x in loader:\n        total = model(x).argmax(1).sum().item()\n    return total\n",
    "evaluate.py": HEAD + "from engine import run\nfrom model import Net\ndef main(test_loader):\n    net = Net()\n    net.eval()\n    return run(net, test_loader)\n",
    "other.py": HEAD + "def size(x):\n    return x.size[0]\ndef made():\n    return nn.Linear(4, 2)(torch.zeros(3, 5))\n",
}
FILES |= {f"apart_{number}.py": HEAD + f"def size_{number}(x):\n    return F.softmax(x, dim=1).shape[{number}]\n" for number in range(6)}
IMPORTS = {"model.py": {"layers.py"}, "train.py": {"model.py"}, "evaluate.py": {"engine.py", "model.py"}}


def program(files: dict[str, str]) -> Program:
    sources = {path: Source(path, text) for path, text in files.items()}
    return Program(sources, frozenset(sources), ("",), imports={path: frozenset(IMPORTS.get(path, ())) for path in files})


def told(found: Sequence[Diagnostic]) -> list[tuple[str, str, int]]:
    return [(each.code, each.place.path, each.place.span.start.row) for each in found]


def changed(path: str, old: str, new: str) -> Program:
    assert old in FILES[path]
    return program({**FILES, path: FILES[path].replace(old, new)})


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The files whose entries were run, for each run."""
    runs: list[set[str]] = []

    def noted(*given: object, **options: object) -> Linted:
        linted = lint_entries(*given, **options)  # type: ignore[arg-type]
        runs.append(set(linted.units))
        return linted

    monkeypatch.setattr(keeping, "lint_entries", noted)
    return runs


@pytest.fixture
def after(tmp_path: Path) -> Callable[[Program], list[Diagnostic]]:
    """What is reported of a program after `FILES` were linted."""
    rules = rules_in_force()

    def lint(after: Program) -> list[Diagnostic]:
        cache = Cache(str(tmp_path))
        lint_gated(program(FILES), rules, cache=cache)
        found = lint_gated(after, rules, cache=cache)
        assert found == lint_gated(after, rules), "what is kept has to come to what a run from nothing comes to"
        return found

    return lint


After = Callable[[Program], list[Diagnostic]]


def test_a_change_of_comments_runs_nothing(after: After, ran: list[set[str]]) -> None:
    found = after(changed("layers.py", "super().__init__()", "super().__init__()  # the layers"))
    assert ("TL401", "layers.py", 9) in told(found)
    assert len(ran) == 1


def test_a_line_less_moves_what_is_reported_below_it(after: After, ran: list[set[str]]) -> None:
    found = after(changed("other.py", HEAD, HEAD.replace("import torch\n", "import torch\n\n")))
    assert ("TL502", "other.py", 8) in told(found)
    assert ran[1] == {"other.py"}


def test_what_uses_a_change_is_run_again_and_nothing_else(after: After, ran: list[set[str]]) -> None:
    found = after(changed("layers.py", "return F.softmax(self.fc(x), dim=1)", "return self.fc(x)"))
    assert "TL401" not in {each.code for each in found}
    assert {"layers.py", "model.py", "train.py", "evaluate.py"} <= ran[1] and "other.py" not in ran[1]


def test_a_name_that_is_gone_is_missed_by_those_who_used_it(after: After, ran: list[set[str]]) -> None:
    assert "TL401" not in {each.code for each in after(changed("model.py", "class Net", "class Model"))}
    assert "train.py" in ran[1]


def test_a_name_that_comes_reaches_those_who_asked_for_it(tmp_path: Path) -> None:
    rules, cache = rules_in_force(), Cache(str(tmp_path))
    before = changed("model.py", "class Net", "class Model")
    lint_gated(before, rules, cache=cache)
    assert "TL401" in {each.code for each in lint_gated(program(FILES), rules, cache=cache)}


def test_code_that_another_file_trains_with_has_no_fix_that_would_stop_it(after: After) -> None:
    trains = "def main(loader, model, optimizer):\n    run(model, loader)\n    for x, y in loader:\n        optimizer.zero_grad()\n        F.cross_entropy(model(x), y).backward()\n        optimizer.step()\n"
    files = {**FILES, "other.py": HEAD + "from engine import run\n" + trains}
    after(program(files))


def test_who_asks_whether_a_name_is_called_without_gradients_is_asked_again_where_it_is(tmp_path: Path, ran: list[set[str]]) -> None:
    def looking(called: str, besides: str = "") -> Program:
        look = f"{besides}def look(model, loader):\n    with torch.no_grad():\n        return {called}(model, loader)\nclass Net"
        return changed("model.py", "class Net", look)

    rules, cache = rules_in_force(), Cache(str(tmp_path))
    for each in (looking("other"), looking("other", "def run():\n    pass\n"), looking("run", "def run():\n    pass\n")):
        assert lint_gated(each, rules, cache=cache) == lint_gated(each, rules)
    assert ["engine.py" in each for each in ran] == [True, False, True], "only the last one calls `run` without gradients"


def test_a_file_that_is_no_python_is_told_and_mended(after: After, tmp_path: Path) -> None:
    broken = changed("other.py", "def made():", "def made(:")
    assert [each.place.path for each in after(broken) if each.code == "TL900"] == ["other.py"]
    rules, cache = rules_in_force(), Cache(str(tmp_path))
    lint_gated(broken, rules, cache=cache)
    assert "TL900" not in {each.code for each in lint_gated(program(FILES), rules, cache=cache)}


def test_a_row_that_is_no_record_is_as_none(tmp_path: Path) -> None:
    rules = rules_in_force()
    for row in ("", "[]", '{"files": 3}', "{"):
        cache = Cache(str(tmp_path))
        lint_gated(program(FILES), rules, cache=cache)
        known = keeping._key(program(FILES), list(rules))
        cache.put({known: row})
        assert lint_gated(program(FILES), rules, cache=cache) == lint_gated(program(FILES), rules)


def test_a_hash_inside_a_string_is_no_comment(after: After) -> None:
    files = {**FILES, "other.py": FILES["other.py"].replace("nn.Linear(4, 2)", "{'# a': nn.Linear(4, 2)}['# a']")}
    changed_key = {**files, "other.py": files["other.py"].replace("['# a']", "['# b']")}
    after(program(files))
    after(program(changed_key))


def test_another_selection_of_rules_knows_nothing_of_the_first(tmp_path: Path) -> None:
    cache, rules = Cache(str(tmp_path)), rules_in_force()
    lint_gated(program(FILES), [rule for rule in rules if rule.code != "TL401"], cache=cache)
    assert "TL401" in {each.code for each in lint_gated(program(FILES), rules, cache=cache)}


def test_targets_are_part_of_the_question(tmp_path: Path) -> None:
    cache, rules = Cache(str(tmp_path)), rules_in_force()
    files = {**FILES, "other.py": HEAD + "def restore(path):\n    return torch.load(path)\n"}
    plain = program(files)
    older = replace(plain, targets=dict.fromkeys(files, (2, 0)))
    assert [each.code for each in lint_gated(plain, rules, cache=cache)] != [each.code for each in lint_gated(older, rules, cache=cache)]
