"""Who works when: one answer for the newest texts, worked out in one thread; edits end what they make stale."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from torchlint.diagnostic import Diagnostic
from torchlint.server.diagnostics import by_document
from torchlint.server.documents import Opened
from torchlint.server.projects import Checked, Projects, Stale
from torchlint.server.settings import FolderSettings

Reported = Mapping[str, tuple[Checked, str, Sequence[Diagnostic]]]
_Answer = TypeVar("_Answer")

# An edit that comes alone is answered at once; while edits come faster than this, the linter waits for a pause.
_BURST_SECONDS = 0.2
_PAUSE_SECONDS = 0.05
# Garbage is collected while nobody waits: this long after an answer, or when there were this many without a rest.
_REST_SECONDS = 0.1
_MOST_UNSWEPT = 20
# The workspace is linted anew when the edits have rested for as long as that took the last time, or for this long.
_LONGEST_REST_SECONDS = 10.0
# Deeply nested code needs a deep stack, which threads do not have everywhere.
_STACK_BYTES = 256 << 20


def _collect() -> None:
    """Collect garbage, and look no more at what is left: trees, which go when nothing refers to them."""
    gc.collect()
    gc.freeze()


class Schedule:
    """Answers for the newest texts. `opened` and `settings` give them; `done` is told each new answer."""

    def __init__(
        self,
        opened: Callable[[], Opened],
        settings: Callable[[], FolderSettings],
        done: Callable[[Reported], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._opened, self._settings, self._done, self._failed = opened, settings, done, failed
        self.projects = Projects()
        self._generation = 0
        self._answered = -1
        self._edited = (0.0, 0.0)
        self._reported: Reported = {}
        self._running: asyncio.Task[None] | None = None
        self._workspace: tuple[int, Reported] | None = None
        self._workspace_seconds = 0.0
        self._asked = 0
        self._unswept = 0
        self._rest: asyncio.TimerHandle | None = None
        before = threading.stack_size(_STACK_BYTES)
        self._worker = ThreadPoolExecutor(1, "torchlint")
        self._worker.submit(int)
        threading.stack_size(before)

    def touch(self) -> None:
        """A text changed: what is being worked out is stale."""
        self._generation += 1
        self._edited = (self._edited[1], time.monotonic())
        if self._rest is not None:
            self._rest.cancel()

    def start(self) -> None:
        """Work out the newest answer, unless that is under way."""
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def forget(self) -> None:
        """Files or settings changed: nothing that is known counts any more."""
        self.touch()
        await self.ask(self.projects.forget)

    def close(self) -> None:
        self._generation = -1
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def newest(self) -> Reported:
        """The answer for the newest texts, by document."""
        while self._answered != self._generation:
            self.start()
            assert self._running is not None
            await asyncio.shield(self._running)
        return self._told_once(self._reported)

    async def workspace(self, folders: Sequence[str]) -> Reported:
        """The answer for all files of the workspace; edits, and what else is asked, go first."""
        while True:
            await self._rest_of_edits(min(self._workspace_seconds, _LONGEST_REST_SECONDS))
            await self.newest()
            generation = self._generation
            if self._workspace is not None and self._workspace[0] == generation:
                return self._workspace[1]
            work = partial(self.projects.check_workspace, folders)
            start = time.monotonic()
            try:
                checked = await self._do(partial(work, self._opened(), self._settings(), self._yielding(generation)))
            except Stale:
                continue
            self._workspace_seconds = time.monotonic() - start
            self._workspace = (generation, by_document(checked))
            if self._answered == self._generation:
                self._done(self._told_once(self._reported))

    async def ask(self, work: Callable[[], _Answer]) -> _Answer:
        """What `work` gives in the worker's thread; the workspace waits for it."""
        self._asked += 1
        try:
            return await self._do(work)
        finally:
            self._asked -= 1

    async def _do(self, work: Callable[[], _Answer]) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    async def _run(self) -> None:
        while self._answered != self._generation:
            await self._pause()
            generation = self._generation
            work = partial(self.projects.check_open, self._opened(), self._settings(), self._pulse(generation))
            try:
                checked = await self._do(work)
                reported: Reported = by_document(checked)
            except Stale:
                continue
            except Exception as error:
                self._failed(error)
                reported = self._reported
            if generation == self._generation:
                self._answered, self._reported = generation, reported
                self._done(self._told_once(reported))
                self._sweep_later()

    def _told_once(self, reported: Reported) -> Reported:
        """The answer without the problems that the workspace's answer has at their primary places."""
        if self._workspace is None:
            return reported
        listed = self._workspace[1].keys()
        return {
            uri: (checked, name, [each for each in own if each.home is None or checked.uri(each.home.path) not in listed])
            for uri, (checked, name, own) in reported.items()
        }

    def _sweep_later(self) -> None:
        """Collect garbage at the next rest: a collection in the middle of a run would double its time."""
        self._unswept += 1
        if self._unswept >= _MOST_UNSWEPT:
            self._sweep()
        else:
            self._rest = asyncio.get_running_loop().call_later(_REST_SECONDS, self._sweep)

    def _sweep(self) -> None:
        self._unswept = 0
        self._worker.submit(_collect)

    async def _pause(self) -> None:
        """Wait for a pause in a burst of edits."""
        while True:
            before, last = self._edited
            left = last + _PAUSE_SECONDS - time.monotonic()
            if last - before > _BURST_SECONDS or left <= 0:
                return
            await asyncio.sleep(left)

    async def _rest_of_edits(self, seconds: float) -> None:
        """Wait until no text was edited for so long."""
        while (left := self._edited[1] + seconds - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _yielding(self, generation: int) -> Callable[[], None]:
        def pulse() -> None:
            if generation != self._generation or self._asked:
                raise Stale

        return pulse

    def _pulse(self, generation: int) -> Callable[[], None]:
        def pulse() -> None:
            if generation != self._generation:
                raise Stale

        return pulse
