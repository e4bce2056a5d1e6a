"""All layers and functions that are compared with torch."""

from __future__ import annotations

from dataclasses import replace

from tests.shapes.elementwise_cases import ELEMENTWISE_CASES, ELSEWHERE
from tests.shapes.function_cases import FUNCTION_CASES
from tests.shapes.layer_cases import LAYER_CASES
from tests.shapes.proof import Case
from tests.shapes.sequence_cases import SEQUENCE_CASES
from torchlint.torch_api.shapes.table import FUNCTIONS

_DRAWN = (*LAYER_CASES, *SEQUENCE_CASES, *FUNCTION_CASES, *ELEMENTWISE_CASES)


def _aliases() -> list[Case]:
    """Further names of functions that are drawn under one of theirs."""
    drawn = {id(FUNCTIONS[case.name]): case for case in _DRAWN if case.name in FUNCTIONS}
    known = {case.name for case in _DRAWN}
    return [
        replace(drawn[id(entry)], name=name)
        for name, entry in FUNCTIONS.items()
        if name not in known and id(entry) in drawn and name.rpartition(".")[2] not in ELSEWHERE
    ]


CASES: tuple[Case, ...] = (*_DRAWN, *_aliases())
