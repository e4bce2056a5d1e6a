"""A model's table as text, JSON and Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from torchlint.analysis.views.model_table import ModelTable, Problem, Row

_HEADER = ("layer", "output shape", "parameters")


def as_text(tables: Sequence[ModelTable]) -> str:
    """Tables as torchsummary prints them, each with its totals, and where the data stops fitting."""
    return "\n\n".join(map(_text, tables))


def as_markdown(tables: Sequence[ModelTable]) -> str:
    """A Markdown table for each model."""
    return "\n\n".join(map(_markdown, tables))


def as_json(tables: Sequence[ModelTable]) -> str:
    """A list of models; a number or shape that is not known is null."""
    return json.dumps([_plain(each) for each in tables], indent=2, ensure_ascii=False)


def cells(row: Row) -> tuple[str, str, str]:
    """A row as it is shown."""
    count = "?" if row.parameters is None else f"{row.parameters:,}"
    shown = "again" if row.again and row.parameters else count if row.trainable or not row.parameters else f"{count} (frozen)"
    return f"{row.name} ({row.kind})".lstrip(), row.output or "?", shown


def misfit(problem: Problem) -> str:
    """What does not fit, and where."""
    start = problem.place.span.start
    name = f"{problem.name}: " if problem.name else ""
    return f"does not fit: {name}{problem.reason} ({problem.place.path}:{start.row}:{start.column})"


def title(table: ModelTable) -> str:
    """The model's name and what it is given."""
    return f"{table.name}: input {', '.join(table.inputs) or 'of unknown shape'}"


def remarks(table: ModelTable) -> list[str]:
    """Totals, and what is not known."""
    more = "" if table.complete else " or more"
    lines = [f"output {table.output or '?'}", f"parameters: {table.total:,}{more}, trainable {table.trained:,}, frozen {table.total - table.trained:,}"]
    if table.idle:
        lines.append(f"never applied here: {', '.join(table.idle)}")
    if table.unknown:
        lines.append(f"not known: {', '.join(table.unknown)} (no call of the program gives {'them' if len(table.unknown) > 1 else 'it'})")
    return lines


def _text(table: ModelTable) -> str:
    rows = [_HEADER, *map(cells, table.rows)]
    widths = [max(len(row[index]) for row in rows) for index in range(3)]
    lines = [f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:>{widths[2]}}".rstrip() for row in rows]
    lines.insert(1, "-" * (sum(widths) + 4))
    for problem in reversed(table.problems):
        lines.insert(problem.after + 2, f"→ {misfit(problem)}")
    return "\n".join([title(table), "", *lines, "-" * (sum(widths) + 4), *remarks(table)])


def _markdown(table: ModelTable) -> str:
    lines = ["| layer | output shape | parameters |", "| --- | --- | ---: |"]
    lines += [f"| {' | '.join(cells(row))} |" for row in table.rows]
    for problem in reversed(table.problems):
        lines.insert(problem.after + 2, f"| **{misfit(problem)}** | | |")
    return "\n".join([f"### {title(table)}", "", *lines, "", *(f"- {each}" for each in remarks(table))])


def _plain(table: ModelTable) -> dict[str, object]:
    """A table in JSON's terms; places are path, row and column."""
    plain = asdict(table)
    for each in (*plain["rows"], *plain["problems"]):
        start = each["place"]["span"]["start"]
        each["place"] = {"path": each["place"]["path"], "row": start["row"], "column": start["column"]}
        if "output" in each:
            each["output"] = each["output"] or None
    return {**plain, "output": table.output or None, "parameters": table.total, "trainable": table.trained, "complete": table.complete}
