"""Whole models of torchvision: what is inferred at each layer against what hooks report under torch."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import torch
import torchvision

from tests.shapes.traced import compare, hooked, read_package, traced

PACKAGE = read_package(Path(torchvision.__file__).parent)


@pytest.mark.parametrize(
    ("file", "builder"),
    [
        ("alexnet", "alexnet"),
        ("vgg", "vgg11_bn"),
        ("resnet", "resnet18"),
        ("resnet", "resnext50_32x4d"),
        ("mobilenetv2", "mobilenet_v2"),
        ("efficientnet", "efficientnet_b0"),
        ("shufflenetv2", "shufflenet_v2_x1_0"),
        ("squeezenet", "squeezenet1_1"),
        ("convnext", "convnext_tiny"),
        ("swin_transformer", "swin_t"),
        ("vision_transformer", "vit_b_16"),
    ],
)
def test_every_layer_of_a_whole_forward_is_inferred(file: str, builder: str) -> None:
    module = importlib.import_module(f"torchvision.models.{file}")
    size = (1, 3, 224, 224)
    with torch.device("meta"):
        truth = hooked(getattr(module, builder)(), size)
    assert compare(truth, traced(PACKAGE, module.__file__, builder, size)) == "whole"
