"""A small model, its training and its evaluation: what the oracle for facts is tried on."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, outputs, dropout=0.1):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.LayerNorm(outputs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.dropout(F.relu(self.norm(self.linear(x))))


class Net(nn.Module):
    classes = 3

    def __init__(self, sizes=(8, 16, 4)):
        super().__init__()
        self.blocks = nn.ModuleList()
        for before, after in pairwise(sizes):
            self.blocks.append(Block(before, after))
        self.head = nn.Linear(sizes[-1], self.classes)
        self.register_buffer("seen", torch.zeros(1, dtype=torch.int64))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        self.seen += x.shape[0]
        return self.head(x)


def train(net, batches):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net.train()
    losses = []
    for inputs, labels in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@torch.no_grad()
def evaluate(net, inputs):
    net.eval()
    probabilities = net(inputs).softmax(dim=1)
    best, which = probabilities.max(dim=1)
    return best, which


def batch(count, size=8):
    inputs = torch.randn(count, size)
    labels = torch.randint(0, Net.classes, (count,))
    return inputs, labels
