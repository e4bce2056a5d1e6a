"""A trainer of Lightning calls the steps of the model that it is given."""

from __future__ import annotations

from tests.analysis.reading import reports

STEPS = """
import lightning as L

class Steps(L.LightningModule):
    def __init__(self, net=None):
        super().__init__()
        self.net, self.criterion = net, nn.CrossEntropyLoss()

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, index):
        x, y = batch
        return self.criterion(self(x), y)

    def validation_step(self, batch, index):
        x, y = batch
        return self.net(x).numpy()
"""
NET = "nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))"


def test_the_model_that_a_trainer_fits_is_the_one_that_the_program_made() -> None:
    made = f"def main(batches):\n    net = {NET}\n    L.Trainer(max_epochs=1).fit(model=Steps(net), train_dataloaders=batches)\n"
    assert reports(STEPS + made) == [f"TL401 net = {NET}"]


def test_the_steps_of_a_base_class_are_run_with_the_forward_of_each_class_derived_from_it() -> None:
    derived = f"class Net(Steps):\n    def __init__(self):\n        super().__init__()\n        self.layers = {NET}\n    def forward(self, x):\n        return self.layers(x)\n"
    assert reports(STEPS + derived) == [f"TL401 self.layers = {NET}"]


def test_a_trainer_validates_without_gradients() -> None:
    fitted = "def main(batches):\n    L.Trainer().fit(Steps(nn.Linear(4, 3)), batches)\n"
    alone = STEPS.replace("net, nn.Cross", "nn.Linear(4, 3), nn.Cross")
    assert reports(STEPS + fitted) == []
    assert reports(alone) == []
    assert [found[:5] for found in reports(alone.replace("validation_step", "training_step_end"))] == ["TL305"]


def test_a_constructor_of_lightning_called_by_the_name_of_its_class_makes_the_module() -> None:
    base = "import lightning\n\nclass Base(lightning.pytorch.LightningModule):\n    def __init__(self):\n        lightning.pytorch.LightningModule.__init__(self)\n"
    derived = "class Net(Base):\n    def __init__(self):\n        Base.__init__(self)\n        self.layer = nn.Linear(2, 1)\n"
    assert reports(base + derived) == []
    assert [found[:5] for found in reports(base.replace("lightning.pytorch.LightningModule.__init__(self)", "pass") + derived)] == ["TL205"]
