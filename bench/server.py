"""How long an editor waits from an edit to its diagnostics, against libcst's bare parse of the same text.

usage: python bench/server.py [FILE …]

Without a file, a program of about 1,000 lines is made of the rules' own pages. Each of 100 edits changes one
line; the clock runs from the change being sent to the diagnostics of that version being received, in a real
server process over standard input and output. The parse is timed in turns with the edits, so that a machine
whose speed drifts does not favour either.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path

import libcst
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from torchlint.pages import load_page, page_names

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


def parse_seconds(text: str) -> float:
    start = time.perf_counter()
    libcst.parse_module(text)
    return time.perf_counter() - start


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

    async def edit_seconds(self, uri: str, text: str, version: int) -> float:
        event = self.arrived.setdefault(version, asyncio.Event())
        change = types.TextDocumentContentChangeWholeDocument(text)
        identifier = types.VersionedTextDocumentIdentifier(version, uri)
        start = time.perf_counter()
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        await asyncio.wait_for(event.wait(), 60)
        return time.perf_counter() - start

    async def stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()


async def measure(name: str, text: str) -> None:
    uri = (Path.cwd() / "bench_of_server.py").as_uri()
    timer = Timer()
    await timer.start(uri, text)
    lines = text.split("\n")
    edits: list[float] = []
    parses: list[float] = []
    for version in range(1, _EDITS + 1):
        row = version * len(lines) // (_EDITS + 1)
        edited = "\n".join([*lines[:row], lines[row] + f"  # {version}", *lines[row + 1 :]])
        edits.append(await timer.edit_seconds(uri, edited, version))
        parses.append(parse_seconds(text))
        # A pause, as between two words that somebody types.
        await asyncio.sleep(0.25)
    await timer.stop()
    parse = statistics.median(parses)
    middle, late = statistics.median(edits), statistics.quantiles(edits, n=20)[-1]
    print(
        f"{name}: {len(lines)} lines; libcst's parse {parse * 1000:.0f} ms; edit to diagnostics: "
        f"median {middle * 1000:.0f} ms ({middle / parse:.2f}x), 95th percentile {late * 1000:.0f} ms ({late / parse:.2f}x)"
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
