"""Transforms of images: what each is given and makes, and the steps of a chain."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from torchlint.analysis.facts.fact import Fact
from torchlint.analysis.values.abstract import UNKNOWN, Const, Instance, List, Value
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.inspection import known_items
from torchlint.analysis.values.site import Site
from torchlint.torch_api.transforms import Transform, transform


@immutable
class TransformCall(Fact):
    """A transform of torchvision is applied to a value, on its own or as a step of a chain.

    `transform` is the instance (its site is where it was built), `kind` what is known of its class; `following` are the
    transforms that come after it in its chain.
    """

    transform: Instance
    kind: Transform
    value: Value
    result: Value
    following: tuple[Value, ...]


@immutable
class TensorMade(TransformCall):
    """`ToTensor` is applied; told again, with another result, where that is divided by 255 later."""


@dataclass(frozen=True, slots=True)
class Step:
    """A transform in a chain: what it is (None: of another package or unknown), and where it stands in the list."""

    value: Value
    kind: Transform | None
    site: Site | None
    in_list: bool

    @property
    def name(self) -> str:
        return self.kind.name if self.kind else ""


def chain_steps(chain: Value, depth: int = 4) -> list[Step]:
    """The transforms of a Compose, those of a Compose inside it included; empty where they are not known."""
    held = chain.arguments.get("transforms", UNKNOWN) if isinstance(chain, Instance) else UNKNOWN
    items = known_items(held)
    if items is None or depth == 0:
        return []
    site = held.site if isinstance(held, List) else None
    nodes = site.node.elts if site is not None and isinstance(site.node, ast.List) else []
    in_list = len(nodes) == len(items) and not any(isinstance(node, ast.Starred) for node in nodes)
    steps: list[Step] = []
    for index, item in enumerate(items):
        kind = transform(item.library_name) if isinstance(item, Instance) else None
        inner = chain_steps(item, depth - 1) if kind is not None and kind.makes == "chain" else []
        place = site.at(nodes[index]) if site is not None and in_list else item.site if isinstance(item, Instance) else None
        steps += inner or [Step(item, kind, place, in_list)]
    return steps


def scales_bytes(step: Value) -> bool:
    """Whether a step of a chain is a Normalize whose std is that of values up to 255."""
    if not isinstance(step, Instance) or (found := transform(step.library_name)) is None:
        return False
    stds = known_items(step.arguments.get("std", UNKNOWN)) or ()
    return found.makes == "normalized" and any(isinstance(each, Const) and isinstance(each.value, int | float) and each.value > 2 for each in stds)


def normalized_channels(instance: Instance) -> int | None:
    """How many means a Normalize was given; None where that is not known, or one number stands for all."""
    means = known_items(instance.arguments.get("mean", UNKNOWN))
    return len(means) if means is not None else None
