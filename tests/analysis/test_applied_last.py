"""What was applied last to a model's output, where the model is known in part."""

from __future__ import annotations

import pytest

from tests.analysis.reading import x

LAYERS = """
    def build(sizes, act):
        layers = []
        for a, b in zip(sizes, sizes[1:]):
            layers.append(nn.Linear(a, b))
            {inside}
        {after}
        return nn.Sequential(*layers)

    x = build(input(), input())(torch.zeros(5, 3))
    """


def test_the_last_of_layers_of_unknown_number_is_applied_last() -> None:
    assert x(LAYERS.format(inside="layers.append(nn.ReLU())", after="layers.append(nn.Softmax(dim=1))")) == "(...) softmax"
    assert x(LAYERS.format(inside="layers += [nn.ReLU()]", after="layers.extend([nn.Linear(2, 2), nn.Sigmoid()])")) == "(...) sigmoid"
    assert x(LAYERS.format(inside="layers.append(nn.ReLU())", after="layers[-1] = nn.Softmax(dim=1)")) == "(...) softmax"


@pytest.mark.parametrize(
    "after", ["if act: layers.append(nn.Softmax(dim=1))", "layers.append(nn.Softmax(dim=1)); layers.pop()", "layers.append(nn.Softmax(dim=1)); layers.reverse()"]
)
def test_a_last_layer_that_may_be_another_is_not_known(after: str) -> None:
    assert x(LAYERS.format(inside="pass", after=after)) == "?"


def test_stars_among_other_layers() -> None:
    assert x("layers = [nn.Linear(3, 3) for _ in input()]\nx = nn.Sequential(*layers, nn.Sigmoid())(torch.zeros(5, 3))") == "(...) sigmoid"
    assert x("layers = [nn.Linear(3, 3) for _ in input()]\nx = nn.Sequential(nn.Sigmoid(), *layers)(torch.zeros(5, 3))") == "(...) linear"


def test_layers_that_are_added_by_name() -> None:
    program = """
        model = nn.Sequential()
        for i in input():
            model.add_module(i, nn.Linear(3, 3))
        {0}
        x = model(torch.zeros(5, 3))
        """
    assert x(program.format('model.add_module("out", nn.Softmax(dim=1))')) == "(...) softmax"
    assert x(program.format('if input(): model.add_module("out", nn.Softmax(dim=1))')) == "?"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("models.resnet18()", "(5, 1000) linear"),
        ("models.resnet18(num_classes=1)", "(5, 1) linear"),
        ("models.resnet50(pretrained=True)\nm.fc = nn.Sequential(nn.Linear(m.fc.in_features, 2), nn.Softmax(dim=1))", "(5, 2) softmax"),
        ("models.vgg16(weights=None)\nm.classifier[6] = nn.Linear(4096, 3)", "(...) linear"),
        ("models.mobilenet_v2()\nm.classifier[-1] = nn.Sequential(nn.Linear(1280, 1), nn.Sigmoid())", "(...) sigmoid"),
        ("models.alexnet()\nm.classifier[1] = nn.Linear(9216, 4096)", "?"),
        ("models.densenet121()\nm.classifier = nn.Identity()", "(5, ?) ?"),
        ("models.inception_v3()\nm.fc = nn.Linear(2048, 2)", "?"),
        ("models.segmentation.fcn_resnet50()", "?"),
    ],
)
def test_the_head_of_a_classifier_of_torchvision(change: str, expected: str) -> None:
    assert x(f"from torchvision import models\nm = {change}\nx = m(torch.zeros(5, 3, 224, 224))") == expected


def test_steps_that_a_loop_gathers() -> None:
    program = """
        cell = nn.Linear(3, 4)
        steps = []
        for a in input():
            steps.append(torch.softmax(cell(torch.zeros(2, 3)), dim=1))
        x = torch.{0}(steps, 1)
        """
    assert x(program.format("stack")).endswith("softmax")
    assert x(program.format("cat")).endswith("softmax")


def test_an_accelerator_gives_back_what_it_is_given() -> None:
    program = """
        from accelerate import Accelerator

        model, optimizer = nn.Sequential(nn.Linear(3, 2), nn.Sigmoid()), None
        model, optimizer = Accelerator().prepare(model, optimizer)
        x = model(torch.zeros(5, 3))
        """
    assert x(program) == "(5, 2) sigmoid"


def test_a_loader_asks_its_dataset_by_a_number() -> None:
    program = """
        from torch.utils.data import DataLoader, Dataset

        class Numbers(Dataset):
            def __init__(self, n):
                self.a, self.b = torch.randn(n, 3), torch.randn(n)

            def __len__(self):
                return len(self.a)

            def __getitem__(self, index):
                return self.a[index], self.b[index]

        for x in DataLoader(Numbers(8), batch_size=4{0}):
            pass
        """
    assert x(program.format("")) == "((B, 3) ?, (B,) ?)"
    assert x(program.replace("batch_size=4{0}", "batch_size=None, sampler=input()")) == "((...) other, (...) other)"
