"""A Python with torch that is kept running, and in which programs of pages are tried."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from torchlint.evidence import execution
from torchlint.evidence.pages import Listing


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on a row, counted from 1, of a program's file."""

    file: str
    row: int
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run: nothing failed where `failures` is empty.

    `seen` is what asserts compared and marked statements raised, `seconds` is CPU time, and `torch`
    the version of torch where the program imported it.
    """

    failures: tuple[Event, ...]
    seen: tuple[Event, ...]
    seconds: float
    torch: str | None


class TorchProcess:
    """Runs listings under the torch of the interpreter `python`; each in its own process and folder."""

    def __init__(self, python: str = sys.executable) -> None:
        self._process = subprocess.Popen(
            [python, str(Path(execution.__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the interpreter."""
        self._process.communicate()

    def run(self, listing: Listing, seconds: float = 60) -> Outcome:
        """Run the program and then its evidence; a run over `seconds` is ended and has failed.

        Raises RuntimeError where the interpreter does not answer.
        """
        return self.run_files(
            {file.name: file.text for file in listing.files},
            {
                file.name: [(each.row, each.error, each.message) for each in file.raises]
                for file in listing.files
            },
            seconds,
        )

    def run_files(
        self, files: dict[str, str], raises: dict[str, list[tuple[int, str, str]]], seconds: float = 60
    ) -> Outcome:
        """Run files, the last one as a script after the others are imported; see `torchlint.evidence.execution`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"files": files, "raises": raises, "seconds": seconds}
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError("the interpreter that runs the programs has ended")
        outcome = json.loads(answer)
        return Outcome(
            tuple(Event(*each) for each in outcome["problems"]),
            tuple(Event(*each) for each in outcome["seen"]),
            outcome["seconds"],
            outcome["torch"],
        )
