"""The harness itself: a page that is broken in one way fails in the stage that is there for it, at the row."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.pages import stages
from torchlint.evidence import execution
from torchlint.evidence.pages import PageError, read_page
from torchlint.evidence.torch_process import TorchProcess

GOOD = """# size-not-called (TL101)

A page for this test, of a rule that there is.

## Example

```python
import torch

x = torch.rand(2, 3)
rows = x.size[0]  # error  # raises TypeError: not subscriptable
```

```python
assert x.numel() == 6
```

## Use instead

```python
import torch

x = torch.rand(2, 3)
rows = x.shape[0]
```

```python
assert rows == 2
```

## Not flagged

A class of one's own:

`box.py`:

```python
class Box:
    size = (1, 2)
```

```python
from box import Box

assert Box().size[0] == 1
```

## Fix safety

Safe.
"""


@dataclass(frozen=True)
class Complaints:
    form: list[str]
    runs: list[str]
    reports: list[str]
    fixes: list[str]

    @property
    def by_stage(self) -> dict[str, list[str]]:
        return {stage: found for stage, found in vars(self).items() if found}


def complaints(text: str, torch_process: TorchProcess) -> Complaints:
    shown = stages.Shown("rules/size-not-called.md", read_page("size-not-called", text))
    own = stages.rule_of(shown.page)
    assert own is not None
    return Complaints(
        list(stages.form(shown)),
        [each for listing in shown.page.listings for each in stages.runs(shown, listing, torch_process)],
        [each for listing in shown.page.listings for each in stages.reports(shown, listing, own, [own])],
        [each for pair in stages.fix_pairs(shown.page) for each in stages.fixes(shown, *pair, own, [own])],
    )


def row(text: str, part: str) -> int:
    """The row of the first line of a page that holds `part`."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_good_page_has_nothing_to_complain_of(torch_process: TorchProcess) -> None:
    assert complaints(GOOD, torch_process).by_stage == {}


@pytest.mark.parametrize(
    ("old", "new", "stage", "at", "message"),
    [
        pytest.param(
            "x = torch.rand(2, 3)\nrows = x.size[0]  # error  #",
            "x = torch.rand(2, 3)  # error\nrows = x.size[0]  #",
            "reports",
            "rows = x.size[0]",
            "reported, but not marked",
            id="the wrong line is marked",
        ),
        pytest.param(
            "x.numel() == 6",
            "x.numel() == 6  # error",
            "reports",
            "x.numel() == 6",
            "marked `# error`, but not reported",
            id="a line of the evidence is marked that is right",
        ),
        pytest.param(
            "assert x.numel() == 6\n",
            "assert x.numel() == 6\nx.size[1]  # raises TypeError\n",
            "reports",
            "x.size[1]",
            "reported, but not marked",
            id="a mark is missing",
        ),
        pytest.param(
            "x.numel() == 6",
            "x.numel() == 7",
            "runs",
            "x.numel() == 7",
            "AssertionError: assert x.numel() == 7",
            id="torch does not bear out the evidence",
        ),
        pytest.param(
            "rows = x.shape[0]",
            "rows = x.size(0)",
            "fixes",
            "## Use instead",
            "-rows = x.shape[0]\n+rows = x.size(0)",
            id="the fix makes another text",
        ),
        pytest.param(
            "class Box:\n    size = (1, 2)\n",
            "import torch\n\n\nclass Box:\n    size = (1, 2)\n\n\ntorch.rand(1).size[0]  # raises TypeError\n",
            "reports",
            "torch.rand(1).size[0]",
            "reported, but not marked",
            id="a program under Not flagged is flagged",
        ),
        pytest.param(
            "rows = x.size[0]  # error  # raises TypeError: not subscriptable",
            "rows = x.size[0] if x is None else 2  # error  # raises TypeError",
            "runs",
            "rows = x.size[0]",
            "did not raise TypeError",
            id="what is said to raise does not",
        ),
        pytest.param(
            "raises TypeError: not subscriptable",
            "raises TypeError: not callable",
            "runs",
            "rows = x.size[0]",
            "with another message",
            id="it raises with another message",
        ),
        pytest.param(
            "raises TypeError: not subscriptable",
            "raises IndexError",
            "runs",
            "rows = x.size[0]",
            "TypeError: 'builtin_function_or_method' object is not subscriptable",
            id="it raises something else",
        ),
        pytest.param(
            "assert Box().size[0] == 1",
            "assert Box().size[0] == 1\nif not Box():\n    int('a')  # raises ValueError",
            "runs",
            "int('a')",
            "never ran",
            id="what is said to raise never runs",
        ),
        pytest.param(
            "    size = (1, 2)",
            "    size = [1, 2][2:]",
            "runs",
            "assert Box().size[0] == 1",
            "IndexError",
            id="a project's script fails",
        ),
        pytest.param(
            "    size = (1, 2)",
            "    size = (1, two)",
            "runs",
            "size = (1, two)",
            "NameError",
            id="a project's module fails",
        ),
    ],
)
def test_a_broken_page_fails_where_it_is_broken(
    old: str, new: str, stage: str, at: str, message: str, torch_process: TorchProcess
) -> None:
    assert old in GOOD
    page = GOOD.replace(old, new)
    found = getattr(complaints(page, torch_process), stage)
    # A heading stands three rows above the first line of its program.
    place = f"rules/size-not-called.md:{row(page, at) + (3 if at.startswith('##') else 0)}:"
    assert any(each.startswith(place) and message in each for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(TL101)", "", "the title is to be"),
        ("A page for this test, of a rule that there is.", "", "no paragraph"),
        ("## Not flagged", "## Notes", "sections"),
        ("  # error", "", "no line ends in `# error`"),
        ("```python\nassert rows == 2\n```\n", "", "no evidence"),
        ("rows = x.shape[0]\n", "rows = x.shape[0]  # error\n", "a line ends in `# error`"),
    ],
)
def test_a_page_without_one_of_its_parts_has_not_the_form(
    old: str, new: str, message: str, torch_process: TorchProcess
) -> None:
    assert old in GOOD
    found = complaints(GOOD.replace(old, new), torch_process).form
    assert any(message in each for each in found), found


def test_a_fix_without_a_word_on_its_safety_is_a_complaint(torch_process: TorchProcess) -> None:
    found = complaints(GOOD.replace("## Fix safety\n\nSafe.\n", ""), torch_process).by_stage
    assert list(found) == ["fixes"]
    assert "no `## Fix safety`" in found["fixes"][0]


def test_a_block_that_is_never_closed_is_an_error_at_its_row() -> None:
    with pytest.raises(PageError) as caught:
        read_page("open", "# open (TL999)\n\n```python\nx = 1\n")
    assert caught.value.row == 3


@pytest.mark.parametrize(
    ("program", "message"),
    [
        pytest.param("import time\ntime.sleep(60)\n", "ran for over", id="endless"),
        pytest.param("import os\nos.kill(os.getpid(), 11)\n", "the process died", id="crashing"),
        pytest.param("raise SystemExit(0)\n", "SystemExit", id="exiting"),
        pytest.param("input()\n", "EOFError", id="reading"),
    ],
)
def test_a_program_that_does_not_end_well_does_not_take_the_harness_along(
    program: str, message: str, torch_process: TorchProcess
) -> None:
    (bad,) = read_page("bad", f"```python\n{program}```\n").listings
    (failure,) = torch_process.run(bad, seconds=2).failures
    assert message in failure.message
    (good,) = read_page("good", "```python\nassert 1 < 2\n```\n").listings
    assert torch_process.run(good).failures == ()


def test_programs_do_not_see_one_another(torch_process: TorchProcess) -> None:
    page = read_page(
        "pair",
        "```python\nimport builtins, torch\n\nbuiltins.left = 1\ntorch.set_default_dtype(torch.float64)\n"
        "open('left', 'w').close()\n```\n"
        "```python\nimport os, torch\n\nassert os.listdir() == ['example.py']\nassert torch.rand(1).dtype == torch.float32\n"
        "left  # raises NameError\n```\n",
    )
    assert [torch_process.run(each).failures for each in page.listings] == [(), ()]


def test_where_forking_is_not_safe_a_new_interpreter_gives_the_same_outcome() -> None:
    job = {
        "files": {"box.py": "size = 1\n", "evidence.py": "import box\nassert box.size < 2\nbox.size[0]\n"},
        "raises": {"evidence.py": [[3, "TypeError", ""]]},
        "seconds": 30,
    }
    spawned, forked = execution.run_spawned(job), execution.run_forked(job)
    assert spawned["problems"] == []
    assert spawned["seen"] == forked["seen"]


def test_marks_are_shown_to_readers_as_the_rule() -> None:
    text = "# a-rule (TL299)\n\n## Example\n\n````python\nx = 1\ny = f(x)  # error  # raises TypeError\n````\n\n```\nz  # error\n```\n"
    page = read_page("a-rule", text)
    assert "y = f(x)  # ← TL299  # raises TypeError\n" in page.shown()
    assert '````python hl_lines="2"\n' in page.shown(emphasis=True)
    assert page.shown().count("\n") == text.count("\n")
