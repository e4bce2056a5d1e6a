"""Averages of models are models: they give what these give, and take in weights without a step."""

from __future__ import annotations

from tests.analysis.reading import reports, values, x

IMPORT = "from torch.optim.swa_utils import AveragedModel\n"
NET = IMPORT + "net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))\n"


def test_an_average_gives_what_its_model_gives() -> None:
    assert x(NET + "x = AveragedModel(net)(torch.rand(2, 4))") == "(2, 3) softmax"
    assert x(NET + "x = AveragedModel(model=net)(torch.rand(2, 4))") == "(2, 3) softmax"
    assert x("net = nn.Linear(4, 3)\nx = torch.optim.swa_utils.AveragedModel(net, 'cuda', use_buffers=True)(torch.rand(2, 4))") == "(2, 3) linear"
    assert x(NET + "x = AveragedModel(net).module") == "Sequential train"
    assert x(IMPORT + "x = AveragedModel(input())(torch.rand(2, 4))") == "?"


def test_what_an_average_holds_is_a_copy() -> None:
    named = NET + "average = AveragedModel(net)\naverage.eval()\n"
    assert x(named + "x = net, average, average.module") == "(Sequential train, AveragedModel eval, Sequential eval)"
    assert x(named + "net[1] = nn.Sigmoid()\nx = average(torch.rand(2, 4))") == "(2, 3) softmax"


def test_the_model_takes_part_in_mistakes() -> None:
    assert reports(NET + "F.cross_entropy(AveragedModel(net)(torch.rand(2, 4)), torch.tensor([0, 1]))") == ["TL401 net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))"]


TRAINING = """
from torch.optim.swa_utils import AveragedModel

model = nn.Linear(4, 1)
average = AveragedModel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x in torch.rand(8, 2, 4):
    {}
    loss = model(x).mean()
    loss.backward()
    {}
"""


def test_an_update_of_an_average_is_no_step() -> None:
    update = "average.update_parameters(model)"
    assert reports(TRAINING.format("optimizer.zero_grad()", f"optimizer.step(); {update}")) == []
    # Were it a step, gradients would never be emptied before it.
    assert reports(TRAINING.format("pass", update)) == reports(TRAINING.format("pass", "pass"))
    assert reports(TRAINING.format("pass", f"optimizer.step(); {update}")) == reports(TRAINING.format("pass", "optimizer.step()")) != []
    assert isinstance(values(TRAINING.format("pass", f"y = {update}"))["y"], type(values("y = None")["y"]))
