"""Inlay hints: the shapes of tensors behind the assignments of `forward`."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from torchlint.analysis.views.hints import ShapeHint
from torchlint.server.documents import Encoding


def inlay_hints(
    hints: Sequence[ShapeHint], lines: Sequence[str], encoding: Encoding, wanted: types.Range
) -> list[types.InlayHint]:
    """The hints in a range of a document, whose rows the hints already have."""
    return [
        types.InlayHint(
            encoding.position(lines, hint.position),
            f"▸ {hint.text}",
            kind=types.InlayHintKind.Type,
            tooltip="torchlint: the shape of what is assigned here",
            padding_left=True,
        )
        for hint in hints
        if wanted.start.line <= hint.position.row - 1 <= wanted.end.line
    ]
