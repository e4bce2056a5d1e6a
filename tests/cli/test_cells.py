"""Notebooks and Markdown files: cells as one program, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Torchlint
from torchlint.project.notebook import read_notebook
from torchlint.project.text import Unreadable

Write = Callable[..., Path]


def notebook(*cells: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cells": [
            {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text.splitlines(keepends=True)}
            for text in cells
        ],
        "metadata": {"language_info": {"name": "python"}, **metadata},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def data(content: dict[str, Any], indent: int | None = 1, ascii: bool = False, end: str = "\n") -> bytes:
    return (json.dumps(content, indent=indent, ensure_ascii=ascii) + end).encode()


def sources(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]


TRAINING = (
    "%matplotlib inline\nimport torch\n!pip install torch",
    "import torch.nn as nn\nfiles = !ls\ncriterion = nn.CrossEntropyLoss()\ntorch.nn?\n?torch",
    "%%bash\necho 'it",
    "%%time\nlogits = torch.randn(4, 3)\nloss = criterion(torch.softmax(logits, dim=1), torch.tensor([0, 1, 2, 0]))",
)


def test_cells_are_one_program_with_places_by_cell(torchlint: Torchlint, write: Write) -> None:
    write("a.ipynb", data(notebook(*TRAINING)))
    assert torchlint(".", "-q").out.startswith("a.ipynb:cell 4:3:18: TL401 ")
    (found,) = json.loads(torchlint(".", "--output-format", "json").out)
    assert (Path(found["filename"]).name, found["cell"], found["location"]) == ("a.ipynb", 4, {"row": 3, "column": 18})
    assert found["fix"]["edits"][0]["location"]["row"] == 3


def test_fix_is_written_back_and_the_rest_survives(torchlint: Torchlint, write: Write) -> None:
    path = write("a.ipynb", data(notebook(*TRAINING)))
    torchlint(".", "--fix", "--unsafe-fixes")
    fixed = sources(path)
    assert fixed[:3] == list(TRAINING[:3])
    assert "softmax" not in fixed[3]
    assert fixed[3].startswith("%%time\nlogits = torch.randn(4, 3)\nloss = criterion(")
    assert path.read_bytes() == data(notebook(*fixed))


@pytest.mark.parametrize(("indent", "ascii", "end"), [(1, False, "\n"), (2, True, ""), (None, False, "\n")])
def test_rewritten_notebook_keeps_its_form(indent: int | None, ascii: bool, end: str) -> None:
    before = data(notebook("x = 'ä'\n", "%magic", "y"), indent, ascii, end)
    text = read_notebook(before)
    assert text.encode(text.text) == before


def test_source_as_one_string_stays_one(torchlint: Torchlint, write: Write) -> None:
    content = notebook("x")
    content["cells"][0]["source"] = "x = 1  # noqa: TL401"
    path = write("a.ipynb", data(content))
    torchlint(".", "--fix")
    assert json.loads(path.read_text())["cells"][0]["source"] == "x = 1"


def test_cells_that_ipython_takes_are_read(torchlint: Torchlint, write: Write) -> None:
    cells = (
        "pip install torch",
        "\n  # indented as a whole\n  import torch\n  from torch import nn\n",
        " def loss(logits, target):\n    return nn.CrossEntropyLoss()(logits.softmax(dim=1), target)\n\nprint(loss(torch.randn(2, 3), torch.tensor([0, 1])))",
    )
    path = write("a.ipynb", data(notebook(*cells)))
    assert torchlint(".", "-q").out.startswith("a.ipynb:cell 3:2:34: TL401 ")
    torchlint(".", "--fix", "--unsafe-fixes")
    assert sources(path) == [*cells[:2], cells[2].replace(".softmax(dim=1)", "")]


def test_cells_that_are_indented_and_no_python_are_reported_once(torchlint: Torchlint, write: Write) -> None:
    write("a.ipynb", data(notebook("    speed: 0.2s\nepoch 1", "  # a comment alone", "  # a comment\n%magic")))
    assert torchlint(".").out.count("TL900") == 1


def test_one_line_that_is_neither_python_nor_magic_is_reported(torchlint: Torchlint, write: Write) -> None:
    write("a.ipynb", data(notebook("bash run.sh")))
    assert "a.ipynb:cell 1:1:6: TL900" in torchlint(".").out


def test_cell_that_is_no_python_is_reported_and_the_others_are_linted(torchlint: Torchlint, write: Write) -> None:
    write("a.ipynb", data(notebook("x = 1\ndef f(:", "x = 1  # noqa: TL401")))
    lines = torchlint(".", "-q").out.splitlines()
    assert lines[0].startswith("a.ipynb:cell 1:2:7: TL900 syntax-error this cell ")
    assert lines[1].startswith("a.ipynb:cell 2:1:8: TL902 ")


@pytest.mark.parametrize(
    "cell",
    [
        "x = 10\nx\\\n  %3",
        'text = """\n%not magic\n!nor this\n"""',
        "!ls \\\n  -l",
        "a, b = !ls",
        "obj.method??",
        "for i in x:\n    %time f(i)",
        "%%html\n<b>",
        "%%time\nx = 1",
        "x = await f()",
        "get_ipython().system('ls')",
    ],
)
def test_cell_survives_the_way_there_and_back(cell: str) -> None:
    before = data(notebook(cell, "y = 1"))
    text = read_notebook(before)
    assert text.problems == ()
    assert text.encode(text.text) == before


def test_notebook_of_another_language_is_left_alone(torchlint: Torchlint, write: Write) -> None:
    write("a.ipynb", data(notebook("library(torch) <- 3", language_info={"name": "R"})))
    assert torchlint(".").code == 0


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"cells": 3}', b"\xff", b"[" * 100_000, b'{"worksheets": [1]}', b'{"worksheets": [{"cells": 3}]}',
        b'{"cells": [{"cell_type": "code", "source": null}]}', b'{"cells": [{"cell_type": "code", "source": ["x", 1]}]}',
    ],
)  # fmt: skip
def test_file_that_is_no_notebook_says_so(content: bytes) -> None:
    with pytest.raises(Unreadable, match=r"is no notebook|is not UTF-8") as problem:
        read_notebook(content)
    assert "\n" not in problem.value.message


def test_fix_that_would_join_cells_is_refused() -> None:
    text = read_notebook(data(notebook("x", "y")))
    with pytest.raises(ValueError, match="join two cells"):
        text.encode(text.text.replace("# %% torchlint cell 2\n", ""))


def test_line_put_above_everything_goes_to_the_first_cell() -> None:
    text = read_notebook(data(notebook("x", "y")))
    assert text.encode("import z\n" + text.text) == data(notebook("import z\nx", "y"))


def test_diff_is_by_cell(torchlint: Torchlint, write: Write) -> None:
    write("a.ipynb", data(notebook("y", "x = 1  # noqa: TL401\n")))
    assert torchlint(".", "--diff").out.startswith("--- a.ipynb:cell 2\n+++ a.ipynb:cell 2\n@@ -1 +1 @@\n")


def test_standard_input_may_be_a_notebook(torchlint: Torchlint) -> None:
    before = data(notebook("x = 1  # noqa: TL401"))
    assert torchlint("-", "--stdin-filename", "a.ipynb", "--fix", stdin=before).out.encode() == data(notebook("x = 1"))


def test_markdown_blocks_are_linted_on_request(torchlint: Torchlint, write: Write) -> None:
    path = write("a.md", "# x\n\n```python\nx = 1\n```\n\n```py\n>>> no\n```\n\n~~~python\ny = x  # noqa: TL401\n~~~\nx  # noqa: TL401\n")
    assert torchlint(".").code == 0
    assert torchlint(".", "--markdown", "-q").out.startswith("a.md:cell 3:1:8: TL902 ")
    torchlint(".", "--markdown", "--fix")
    assert path.read_text() == "# x\n\n```python\nx = 1\n```\n\n```py\n>>> no\n```\n\n~~~python\ny = x\n~~~\nx  # noqa: TL401\n"


ODD = (
    b'{ "metadata":{"language_info" : {"name":"python"}, "n": 1.0e5},\r\n\t"cells": [\r\n'
    b'  {"outputs":[{"text":"a\\u00e9 \\/ \xc3\xa9"}],"cell_type": "code","source": [ "import os\\n" ,\r\n\t\t"\\u0078 = 1  # noqa: TL401\\n",\r\n'
    b'"y = \'\\u00e9\\/\xc3\xa9\'"]},\r\n'
    b'  {"cell_type":"code","source":"a = \'\\u00e9\'\\nb = 1  # noqa: TL401\\nc = \'\\\\n\\u00e9\'"},\r\n'
    b'  {"source": ["x"], "cell_type":"markdown"}, {"cell_type":"code","source":["z = 1  # noqa: TL401"]}  ]  }\r\n\r\n'
)


def test_notebook_of_any_form_keeps_every_byte_but_those_of_the_lines_that_change(torchlint: Torchlint, write: Write) -> None:
    path = write("a.ipynb", ODD)
    torchlint(".", "--fix")
    assert path.read_bytes() == ODD.replace(b"\\u0078 = 1", b"x = 1").replace(b"  # noqa: TL401", b"")


def test_line_that_is_added_and_one_that_is_removed() -> None:
    before = data(notebook("x = 1\ny = 2\nz = 3\n"))
    text = read_notebook(before)
    assert text.encode(text.text.replace("y = 2\n", "")) == data(notebook("x = 1\nz = 3\n"))
    assert text.encode(text.text.replace("y = 2\n", "y = 2\nw = 'ä'\n")) == data(notebook("x = 1\ny = 2\nw = 'ä'\nz = 3\n"))
    only = read_notebook(data(notebook("x")))
    assert only.encode(only.text.replace("x", "import a\nx")) == data(notebook("import a\nx"))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_newlines_inside_a_cell_stay(newline: str, end: str) -> None:
    content = notebook()
    content["cells"] = [{"cell_type": "code", "source": [f"x = 1{newline}", f"y = 2{newline if end else ''}"]}]
    before = data(content)
    text = read_notebook(before)
    assert text.encode(text.text) == before
    assert text.encode(text.text.replace("x = 1", "x = 10")) == before.replace(b"x = 1", b"x = 10")


def test_old_notebook_with_worksheets_is_written_back() -> None:
    cell = {"cell_type": "code", "language": "python", "input": ["x = 1"], "outputs": []}
    content = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}, {"cells": [cell, {**cell, "input": "y = 1"}]}]}
    text = read_notebook(data(content))
    assert [each.number for each in text.cells] == [1, 2, 3]
    wanted = json.loads(data(content))
    wanted["worksheets"][1]["cells"][1]["input"] = "y = 2"
    assert text.encode(text.text.replace("y = 1", "y = 2")) == data(wanted)


def test_byte_order_mark_of_a_notebook_stays() -> None:
    before = b"\xef\xbb\xbf" + data(notebook("x = 1"))
    text = read_notebook(before)
    assert text.encode(text.text.replace("x", "y")) == before.replace(b"x = 1", b"y = 1")


def test_metadata_of_another_shape_says_nothing_of_the_language() -> None:
    content = {**notebook("x = 1"), "metadata": {"language_info": "python", "kernelspec": []}}
    assert len(read_notebook(data(content)).cells) == 1
