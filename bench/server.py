"""How long an editor waits from an edit to its diagnostics, against libcst's bare parse of the same text.

usage: python bench/server.py [FILE …]

Without a file, a program of about 1,000 lines is made of the rules' own pages. Each of 100 edits changes one
line; the clock runs from the change being sent to the diagnostics of that version being received, in a real
server process over standard input and output. The parse is timed in turns with the edits, so that a machine
whose speed drifts does not favour either. Where the system tells it (Linux), the processor time that the server
took for each edit is compared with the parse's too: on a machine that others use, it is the steadier figure.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from torchlint.evidence.pages import load_page, page_names

_EDITS = 100
_LINES = 1000


def sample() -> str:
    """The models of the pages, one after the other, until there are 1,000 lines."""
    parts: list[str] = []
    for name in page_names():
        sections = map(load_page(name).section, ("Use instead", "Not flagged"))
        for listing in (each for section in sections if section for each in section.listings):
            if len(listing.program) == 1 and "class" in listing.program[0].plain:
                parts.append(listing.program[0].plain)
        if sum(part.count("\n") for part in parts) >= _LINES:
            break
    return "\n\n".join(parts)


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock, and of the processor (0 where the system does not tell)."""

    clock: float
    processor: float


def parse_seconds(text: str) -> Spent:
    start, before = time.perf_counter(), time.process_time()
    libcst.parse_module(text)
    return Spent(time.perf_counter() - start, time.process_time() - before)


def processor_seconds(process: int) -> float:
    """The processor time that all threads of a process took so far."""
    states = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(state.read_text().split()[0]) for state in states) / 1e9


class Timer:
    """A client that notes when the diagnostics of a version came."""

    def __init__(self) -> None:
        self.client = LanguageClient("bench", "1")
        self.arrived: dict[int | None, asyncio.Event] = {}
        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(self._came)
        self.client.feature(types.WINDOW_LOG_MESSAGE)(lambda params: print(params.message, file=sys.stderr))

    @property
    def _came(self):  # type: ignore[no-untyped-def]
        def came(params: types.PublishDiagnosticsParams) -> None:
            self.arrived.setdefault(params.version, asyncio.Event()).set()

        return came

    async def start(self, uri: str, text: str) -> None:
        await self.client.start_io(sys.executable, "-m", "torchlint", "server")
        await self.client.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
        self.client.initialized(types.InitializedParams())
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 0, text))
        )
        await self.arrived.setdefault(0, asyncio.Event()).wait()

    async def edit_seconds(self, uri: str, text: str, version: int) -> Spent:
        event = self.arrived.setdefault(version, asyncio.Event())
        change = types.TextDocumentContentChangeWholeDocument(text)
        identifier = types.VersionedTextDocumentIdentifier(version, uri)
        assert self.client._server is not None
        process = self.client._server.pid
        start, before = time.perf_counter(), processor_seconds(process)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        await asyncio.wait_for(event.wait(), 60)
        return Spent(time.perf_counter() - start, processor_seconds(process) - before)

    async def stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()


async def measure(name: str, text: str) -> None:
    uri = (Path.cwd() / "bench_of_server.py").as_uri()
    timer = Timer()
    await timer.start(uri, text)
    lines = text.split("\n")
    edits: list[Spent] = []
    parses: list[Spent] = []
    for version in range(1, _EDITS + 1):
        row = version * len(lines) // (_EDITS + 1)
        edited = "\n".join([*lines[:row], lines[row] + f"  # {version}", *lines[row + 1 :]])
        edits.append(await timer.edit_seconds(uri, edited, version))
        parses.append(parse_seconds(text))
        # A pause, as between two words that somebody types.
        await asyncio.sleep(0.25)
    await timer.stop()
    print(f"{name}: {len(lines)} lines, {_EDITS} edits")
    tell("on the clock", [each.clock for each in edits], [each.clock for each in parses])
    tell("processor time", [each.processor for each in edits], [each.processor for each in parses])


def tell(what: str, edits: Sequence[float], parses: Sequence[float]) -> None:
    parse = statistics.median(parses)
    middle, late = statistics.median(edits), statistics.quantiles(edits, n=20)[-1]
    print(
        f"  {what}: libcst's parse {parse * 1000:.0f} ms; edit to diagnostics: median {middle * 1000:.0f} ms "
        f"({middle / parse:.2f}x), 95th percentile {late * 1000:.0f} ms ({late / parse:.2f}x)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    texts = {path.name: path.read_text(encoding="utf-8") for path in arguments.files} or {"sample": sample()}
    for name, text in texts.items():
        asyncio.run(measure(name, text))


if __name__ == "__main__":
    main()
