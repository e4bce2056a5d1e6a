"""Pictures of ten classes, made up so that nothing has to be downloaded."""

import torch
from torch.utils.data import DataLoader, TensorDataset


def loaders(batch_size=32):
    torch.manual_seed(0)
    labels = torch.randint(0, 10, (512,))
    images = torch.rand(512, 1, 28, 28) + labels.view(-1, 1, 1, 1) / 10
    train = TensorDataset(images[:448], labels[:448])
    test = TensorDataset(images[448:], labels[448:])
    return DataLoader(train, batch_size, shuffle=True), DataLoader(test, batch_size)
