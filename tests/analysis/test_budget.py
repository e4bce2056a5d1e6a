"""What is left out of a program that is too large to be run in full."""

from __future__ import annotations

from tests.analysis.reading import reports
from torchlint.analysis.machine.machine import Limits

LONG = "\n".join(f"    a = a + {number}" for number in range(Limits().statements))


TRAP = """
def trap(scores, labels):
    return F.cross_entropy(F.softmax(scores, dim=1), labels)
"""


def test_what_no_call_had_budget_for_is_run_on_its_own() -> None:
    entry = f"def entry(a, scores, labels):\n{LONG}\n    return trap(scores, labels)\n"
    assert reports(entry + TRAP) == ["TL401 return F.cross_entropy(F.softmax(scores, dim=1), labels)"]


def test_the_guard_of_a_call_that_was_left_out_still_counts() -> None:
    validate = """
def validate(model: nn.Module, loader):
    model.eval()
    for images, labels in loader:
        print((model(images).argmax(1) == labels).sum())
"""
    guarded = f"def entry(a, model, loader):\n{LONG}\n    with torch.no_grad():\n        validate(model, loader)\n"
    plain = f"def entry(a, model, loader):\n{LONG}\n    validate(model, loader)\n"
    assert reports(guarded + validate) == []
    assert [found[:5] for found in reports(plain + validate)] == ["TL413"]


def test_an_entry_point_out_of_budget_costs_the_next_one_nothing() -> None:
    loop = f"def first(a):\n    layers = []\n    for index in range(4):\n        layers.append(index)\n{LONG.replace('    a', '        a')}\n    return layers\n"
    misfit = "def second():\n    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(4, 8, 3))(torch.zeros(1, 3, 9, 9))\n"
    assert [found[:5] for found in reports(loop + misfit)] == ["TL502"]


def test_functions_that_many_entry_points_share_are_still_run_with_each_of_them_at_first() -> None:
    shared = "def shared(scores):\n    return F.softmax(scores, dim=1)\n"
    entries = "".join(f"def entry{number}(scores, labels):\n    return F.cross_entropy(shared(scores), labels)\n" for number in range(2 * Limits().familiar))
    assert reports(shared + entries) == ["TL401 return F.softmax(scores, dim=1)"]


def test_a_call_leaves_budget_for_what_follows_it() -> None:
    load = f"def load(a):\n{LONG}\n    return a\n"
    loss = "def loss(scores, labels):\n    return F.cross_entropy(scores, labels)\n"
    main = "def main(a, scores, labels):\n    load(a)\n    return loss(F.softmax(scores, dim=1), labels)\n"
    assert [found[:5] for found in reports(load + loss + main)] == ["TL401"]


def test_a_model_whose_forward_had_no_budget_is_still_evaluated_without_a_guard() -> None:
    model = f"class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.layer = nn.Linear(4, 2)\n    def forward(self, a):\n{LONG.replace('    a', '        a')}\n        return self.layer(a)\n"
    main = "def main(loader):\n    net = Net()\n    net.eval()\n    for images, labels in loader:\n        print((net(images).argmax(1) == labels).sum().item())\n"
    assert [found[:5] for found in reports(model + main)] == ["TL413"]


def test_a_step_of_a_model_leaves_budget_for_the_end_of_it() -> None:
    stage = f"class Stage(nn.Module):\n    def forward(self, a):\n{LONG.replace('    a', '        a')}\n        return a\n"
    model = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.stage, self.head = Stage(), nn.Linear(4, 2)\n"
        "    def forward(self, a):\n        return self.finish(self.stage(a))\n    def finish(self, a):\n        return F.softmax(self.head(a), dim=1)\n"
    )
    train = "def train(net, images, labels):\n    return F.cross_entropy(net(images), labels)\ndef main(a, loader):\n    net = Net()\n    for images, labels in loader:\n        train(net, images, labels)\n"
    assert [found[:5] for found in reports(stage + model + train)] == ["TL401"]


def test_a_file_out_of_budget_silences_no_other_that_it_has_no_part_in() -> None:
    long = LONG.replace("    a", "        a")
    slow = f"def entry(a, layers):\n    for index in range(4):\n        layers.append(index)\n{long}\n\nentry(0, [])\n"
    misfit = "def second():\n    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(4, 8, 3))(torch.zeros(1, 3, 9, 9))\n\nsecond()\n"
    assert [found[:5] for found in reports(misfit, a=slow)] == ["TL502"]


def test_what_comes_of_a_file_out_of_budget_is_no_reason_to_speak() -> None:
    long = LONG.replace("    a", "        a")
    slow = f"def made(a):\n    layers = []\n    for index in range(4):\n        layers.append(index)\n{long}\n    return layers\n\nlayers = made(0)\n"
    misfit = "from a import layers\nlen(layers)\nnn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(4, 8, 3))(torch.zeros(1, 3, 9, 9))\n"
    assert reports(misfit, a=slow) == []
