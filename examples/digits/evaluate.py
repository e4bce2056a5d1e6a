"""How often the classifier is right."""


def accuracy(model, loader):
    model.eval()
    right = seen = 0
    for images, labels in loader:
        predicted = model.forward(images).argmax(dim=1)
        right += (predicted == labels).sum().item()
        seen += labels.size(0)
    return right / seen
