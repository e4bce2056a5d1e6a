"""Tests of the small model, run by the oracle."""

import torch
from model import Net, batch, evaluate, train


def test_training():
    net = Net()
    loss = train(net, [batch(4), batch(4)])
    assert loss > 0
    assert net.seen.item() == 8


def test_evaluation():
    net = Net(sizes=(8, 5))
    inputs, _ = batch(6)
    best, which = evaluate(net, inputs)
    assert best.shape == (6,)
    assert which.dtype is torch.int64
    assert not best.requires_grad


def test_places():
    mask = torch.tensor([True, False, True])
    places = torch.where(mask)
    weights = torch.zeros(3)
    weights[places] = torch.ones(2, requires_grad=True)
    assert torch.is_tensor(weights)
    assert torch.allclose(weights, mask.float())
    halves = torch.div(torch.arange(4), 2, rounding_mode="floor")
    assert halves.dtype is torch.int64
