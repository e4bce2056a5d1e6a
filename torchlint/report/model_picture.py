"""The data's way through a model as a picture: a box for each layer, a line for each hand-over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import svg

from torchlint.analysis.views.model_table import ModelTable
from torchlint.report.model_text import cells, misfit, title

_WIDTH, _HEIGHT, _GAP = 460, 36, 22
_LEFT, _TOP = 120, 60
_LANES, _LANE = 9, 10


def as_svg(tables: Sequence[ModelTable]) -> str:
    """One picture with the models below one another."""
    elements: list[svg.Element] = [svg.Style(text="text { font: 13px sans-serif } .shape { fill: #555 } .bad { fill: #b00020 }")]
    top = _TOP
    for table in tables:
        elements.append(svg.Text(x=_LEFT, y=top - 24, text=title(table), font_weight="bold"))
        elements += _boxes(table, top)
        elements += _lines(table, top)
        top += len(table.rows) * (_HEIGHT + _GAP) + _TOP
        elements += [svg.Text(x=_LEFT, y=top - 50 + 16 * index, text=misfit(each), class_=["bad"]) for index, each in enumerate(table.problems)]
        top += 16 * len(table.problems)
    wide = max([_LEFT + _WIDTH + 40, *(_LEFT + 8 * len(misfit(each)) for table in tables for each in table.problems)])
    return svg.SVG(width=wide, height=top, elements=elements).as_str()


def _boxes(table: ModelTable, top: int) -> Iterator[svg.Element]:
    bad = {each.name for each in table.problems}
    for index, row in enumerate(table.rows):
        y = top + index * (_HEIGHT + _GAP)
        name, shape, count = cells(row)
        yield svg.Rect(x=_LEFT, y=y, width=_WIDTH, height=_HEIGHT, rx=6, fill="#fdecea" if row.name in bad else "#eef3fb", stroke="#7a8aa0")
        yield svg.Text(x=_LEFT + 10, y=y + 15, text=name)
        yield svg.Text(x=_LEFT + 10, y=y + 30, text=f"{shape}, {count} parameters" if count != "0" else shape, class_=["shape"])


def _lines(table: ModelTable, top: int) -> Iterator[svg.Element]:
    """From box to box; what passes other boxes by goes round them on the left."""
    for index, row in enumerate(table.rows):
        for source in row.inputs:
            start, end = top + source * (_HEIGHT + _GAP) + _HEIGHT, top + index * (_HEIGHT + _GAP)
            if source == index - 1:
                yield svg.Line(x1=_LEFT + 40, y1=start, x2=_LEFT + 40, y2=end, stroke="#7a8aa0")
                continue
            x = _LEFT - _LANE * (1 + (index - source) % _LANES)
            above, below = start - _HEIGHT // 2, end + _HEIGHT // 2
            corners = ((_LEFT, above), (x, above), (x, below), (_LEFT, below))
            yield svg.Polyline(points=[svg.Point(*corner) for corner in corners], fill="none", stroke="#7a8aa0")
