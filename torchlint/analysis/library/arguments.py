"""The arguments of a call whose parameters have no names that are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torchlint.analysis.values.abstract import Value


def by_number_or_name(positional: Sequence[Value], keywords: Mapping[str, Value]) -> dict[str | int, Value]:
    """Arguments of something whose signature is not known."""
    arguments: dict[str | int, Value] = dict(enumerate(positional))
    arguments.update(keywords)
    return arguments
