"""Applies every loss, miner and reducer of pytorch-metric-learning that needs no arguments to random embeddings."""

import inspect

import torch
from pytorch_metric_learning import distances, losses, miners, reducers, regularizers
from pytorch_metric_learning.utils import accuracy_calculator

EMBEDDINGS, LABELS = torch.randn(24, 16), torch.arange(24) % 4


def attempt(use):
    """What needs arguments of its own is passed by."""
    try:
        use()
    except Exception as error:
        print(type(error).__name__, str(error)[:80])


def classes(module):
    return [each for _, each in inspect.getmembers(module, inspect.isclass)]


def loss(cls, **options):
    names = inspect.signature(cls.__init__).parameters
    given = {name: value for name, value in (("num_classes", 4), ("embedding_size", 16)) if name in names}
    embeddings = EMBEDDINGS.clone().requires_grad_()
    cls(**given, **options)(embeddings, LABELS).backward()


for each in classes(losses):
    attempt(lambda each=each: loss(each))
for each in classes(distances):
    attempt(lambda each=each: loss(losses.TripletMarginLoss, distance=each()))
for each in classes(reducers):
    attempt(lambda each=each: loss(losses.ContrastiveLoss, reducer=each()))
for each in classes(regularizers):
    attempt(lambda each=each: loss(losses.ContrastiveLoss, embedding_regularizer=each()))
for each in classes(miners):
    attempt(lambda each=each: losses.TripletMarginLoss()(EMBEDDINGS, LABELS, each()(EMBEDDINGS, LABELS)))
attempt(lambda: losses.CrossBatchMemory(losses.NTXentLoss(), 16, memory_size=48)(EMBEDDINGS, LABELS))
attempt(lambda: accuracy_calculator.AccuracyCalculator(device=torch.device("cpu")).get_accuracy(EMBEDDINGS, LABELS, EMBEDDINGS, LABELS, True))
