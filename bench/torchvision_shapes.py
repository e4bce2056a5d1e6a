"""Compare the inferred output of every layer of torchvision's classifiers with what hooks report under torch.

`python bench/torchvision_shapes.py [NAME…]`: torchvision's own source is the program that is read; each model is run
on the meta device. Prints a line for each model, and the share whose whole forward is inferred with all equal.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
import torchvision
from torchvision.models import list_models

from tests.shapes.traced import compare, hooked, read_package, traced

SIZES = {"inception_v3": (1, 3, 299, 299)}


def made(builder: Callable[[], torch.nn.Module]) -> torch.nn.Module:
    """A model without memory for its weights, where its making needs no numbers from them."""
    try:
        with torch.device("meta"):
            return builder()
    except NotImplementedError:
        return builder().to("meta")


def main(arguments: Sequence[str]) -> int:
    """Print a line for each model; 1 if anything inferred is not what torch reports."""
    names = list(arguments) or list_models(torchvision.models)
    program = read_package(Path(torchvision.__file__).parent)
    whole = wrong = 0
    stops: Counter[str] = Counter()
    for name in names:
        start = time.perf_counter()
        builder = torchvision.models.get_model_builder(name)
        path = str(Path(sys.modules[builder.__module__].__file__))
        size = SIZES.get(name, (1, 3, 224, 224))
        truth = hooked(made(builder), size)
        inferred = traced(program, path, builder.__name__, size)
        verdict = compare(truth, inferred)
        whole += verdict == "whole"
        wrong += verdict.startswith("wrong")
        if verdict != "whole":
            stops[verdict] += 1
        print(f"{name:32} {len(truth):4} layers, {time.perf_counter() - start:5.1f} s: {verdict}", flush=True)
    print(f"{len(names)} models, {whole} whole ({whole / len(names):.0%}), {wrong} wrong")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
