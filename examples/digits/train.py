"""Trains the classifier, and says after each epoch how well it does."""

import torch
import torch.nn as nn
from data import loaders
from evaluate import accuracy
from model import Classifier


def train(epochs=3):
    model = Classifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train_loader, test_loader = loaders()
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {epoch}: loss {total / len(train_loader):.3f}, accuracy {accuracy(model, test_loader):.2f}")


if __name__ == "__main__":
    train()
