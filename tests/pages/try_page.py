"""Tries pages: `python -m tests.pages.try_page rules/NAME.md …` prints what fails, and where."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.pages import stages
from torchlint.evidence.pages import PageError
from torchlint.evidence.torch_process import TorchProcess


def complaints(path: Path, torch_process: TorchProcess) -> Iterator[str]:
    """Everything that a page promises and does not keep; lints and fixes only where its rule exists."""
    try:
        shown = stages.read(path)
    except PageError as error:
        yield f"{path}:{error.row}: {error}"
        return
    if shown.of_rule:
        yield from stages.form(shown)
    for listing in shown.page.listings:
        yield from stages.runs(shown, listing, torch_process)
    own = stages.rule_of(shown.page)
    if own is None:
        return
    for listing in shown.page.listings:
        yield from stages.reports(shown, listing, own)
    for before, after in stages.fix_pairs(shown.page):
        yield from stages.fixes(shown, before, after, own)


def main() -> int:
    failed = 0
    with TorchProcess() as torch_process:
        for path in map(Path, sys.argv[1:]):
            started = time.monotonic()
            count = 0
            for complaint in complaints(path, torch_process):
                count += 1
                print(complaint, flush=True)
            failed += bool(count)
            print(f"{path}: {'failed' if count else 'ok'} ({time.monotonic() - started:.1f} s)", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
