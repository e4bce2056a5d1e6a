"""`torchlint prove`: what torch did is told, whichever interpreter has it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.pages import stages
from torchlint.evidence import prove
from torchlint.evidence.pages import read_page

PAGE = """# made-up (TL999)

Made up.

## Example

```python
import torch

x = torch.tensor(2.0)
x.size[0]  # error  # raises TypeError
```

```python
assert x > 1
```

## Use instead

```python
import torch

x = torch.tensor(0.5)
```

```python
assert 0 < x < {limit}
```
"""


def torchlint(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "torchlint", *arguments], cwd=stages.ROOT, capture_output=True, text=True
    )


@pytest.fixture
def bare_python(tmp_path: Path) -> str:
    """An interpreter without installed packages."""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -S "$@"\n')
    script.chmod(0o755)
    return str(script)


def proof_of(page: str, monkeypatch: pytest.MonkeyPatch) -> prove.Proof:
    monkeypatch.setattr(prove, "load_page", lambda name: read_page(name, page))
    (proof,) = prove.prove_rules(["made-up"])
    return proof


def test_tells_what_was_raised_and_the_numbers_that_were_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = proof_of(PAGE.format(limit=1), monkeypatch)
    assert proof.against == ()
    assert proof.harm == ("TypeError: 'builtin_function_or_method' object is not subscriptable", "x > 1 (2)")
    assert proof.remedy == ("0 < x < 1 (0.5)",)


def test_tells_where_torch_does_not_do_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = proof_of(PAGE.format(limit=0.25), monkeypatch)
    assert proof.against == ("made-up.md:27 AssertionError: assert 0 < x < 0.25",)
    assert "not seen" in proof.line


def test_a_package_that_the_interpreter_lacks_is_nothing_against_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proof = proof_of(
        PAGE.format(limit=1).replace("import torch\n", "import torch, no_such_package\n"), monkeypatch
    )
    assert proof.against == ()
    assert proof.line.endswith("not tried: ModuleNotFoundError: No module named 'no_such_package'")


def test_the_command_line_proves_a_rule_by_code_or_name() -> None:
    done = torchlint("prove", "TL101", "shape-called")
    version, first, second = done.stdout.splitlines()
    assert done.returncode == 0
    assert version == f"torch {torch.__version__}"
    assert first.startswith("TL101 size-not-called: TypeError: ")
    assert second.startswith("TL102 shape-called: TypeError: 'torch.Size' object is not callable")


def test_the_command_line_says_that_there_is_no_torch(bare_python: str) -> None:
    done = torchlint("prove", "--python", bare_python, "TL101")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No module named 'torch'" in done.stderr


def test_the_command_line_says_that_there_is_no_such_interpreter() -> None:
    done = torchlint("prove", "--python", "no-such-python", "TL101")
    assert done.returncode == 2
    assert "no-such-python" in done.stderr


def test_the_command_line_refuses_an_unknown_rule() -> None:
    done = torchlint("prove", "TL1")
    assert done.returncode == 2
    assert "`TL1` is no single rule" in done.stderr
