"""What a server must live through."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.server.client import REPOSITORY, SOFTMAX, capabilities, editor

pytestmark = pytest.mark.asyncio
CLEAN = SOFTMAX.replace("F.softmax(x, dim=1)", "x")


def _framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _message(**parts: Any) -> bytes:
    return _framed(json.dumps({"jsonrpc": "2.0", **parts}).encode())


INITIALIZE = _message(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})
SHUTDOWN = _message(id=99, method="shutdown")
EXIT = _message(method="exit")


def _talk(*messages: bytes) -> tuple[int, dict[Any, Any]]:
    """The exit code of a server that reads these bytes, and its answers by id."""
    done = subprocess.run(
        [sys.executable, "-m", "torchlint", "server"],
        input=b"".join(messages),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        timeout=60,
    )
    answers: dict[Any, Any] = {}
    rest = done.stdout
    while rest:
        header, _, rest = rest.partition(b"\r\n\r\n")
        size = int(header.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        answer = json.loads(rest[:size])
        rest = rest[size:]
        if "method" not in answer:
            answers[answer["id"]] = answer
    return done.returncode, answers


async def test_exit_after_shutdown_is_0() -> None:
    assert _talk(INITIALIZE, SHUTDOWN, EXIT)[0] == 0


async def test_exit_without_shutdown_is_1() -> None:
    assert _talk(INITIALIZE, EXIT)[0] == 1


async def test_a_client_that_vanishes_ends_the_server() -> None:
    assert _talk(INITIALIZE)[0] == 1


async def test_requests_before_initialize_and_after_shutdown_are_refused() -> None:
    hover = {"method": "textDocument/hover", "params": {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 0, "character": 0}}}
    code, answers = _talk(_message(id=5, **hover), INITIALIZE, SHUTDOWN, _message(id=6, **hover), EXIT)
    assert code == 0
    assert answers[5]["error"]["code"] == -32002
    assert answers[6]["error"]["code"] == -32600


@pytest.mark.parametrize(
    ("body", "identity", "error"),
    [
        (b"{", None, -32700),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "textDocument/hover", "params": {"textDocument": 7}}', 3, -32602),
        (b'{"jsonrpc": "2.0", "id": 4, "method": "no/such/method", "params": {}}', 4, -32601),
        (b"[]", None, -32600),
        (b"7", None, -32600),
        (b"\xff\xfe", None, -32700),
    ],
)
async def test_a_malformed_message_is_answered_and_survived(body: bytes, identity: int | None, error: int) -> None:
    code, answers = _talk(INITIALIZE, _framed(body), SHUTDOWN, EXIT)
    assert code == 0
    assert answers[identity]["error"]["code"] == error
    assert "result" in answers[99]


async def test_edits_of_what_was_never_opened_are_survived(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.versions["net.py"] = 1
        here.write("net.py", SOFTMAX)
        here.client.text_document_did_close(types.DidCloseTextDocumentParams(here.identifier("other.py")))
        assert await here.hover("net.py", 3, 3) == ""
        here.open("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])


async def test_a_thousand_edits_in_a_burst_end_in_the_last_texts_report(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("net.py", CLEAN)
        await here.pushed(here.uri("net.py"), [])
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number in range(1000):
            here.write("net.py", f"{CLEAN}\n# {number}\n" if number % 3 else CLEAN[: number * 7 % len(CLEAN)])
        here.write("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])
        assert loop.time() - start < 20
        assert here.client.log_messages == []


async def test_a_file_of_5000_lines_is_linted(tmp_path: Path) -> None:
    net = SOFTMAX.partition("\n\nnet = ")[0]
    text = "\n".join([net.replace("class Net", f"class Net{number}") for number in range(300)]) + "\n" + SOFTMAX
    assert text.count("\n") > 5000
    async with editor(tmp_path) as here:
        here.open("net.py", text)
        await here.pushed(here.uri("net.py"), ["TL401"])
        assert len(await here.hints("net.py") or {}) == 3 * 301


async def test_a_cancelled_request_is_answered_as_cancelled_and_the_next_one_served(tmp_path: Path) -> None:
    async with editor(tmp_path, capabilities(pull=True)) as here:
        here.open("net.py", "\n".join([SOFTMAX] * 40))
        params = types.DocumentDiagnosticParams(here.identifier("net.py"))
        request = here.client.protocol.send_request(types.TEXT_DOCUMENT_DIAGNOSTIC, params, msg_id="pull")
        here.client.cancel_request(types.CancelParams(id="pull"))
        with pytest.raises(Exception, match=r"(?i)cancel"):
            await asyncio.wait_for(asyncio.wrap_future(request), 30)
        here.write("net.py", SOFTMAX)
        assert [each.code for each in (await here.pull("net.py")).items] == ["TL401"]


async def test_deep_nesting_does_not_end_the_server(tmp_path: Path) -> None:
    async with editor(tmp_path) as here:
        here.open("deep.py", "import torch\nx = " + "(" * 6000 + "1" + ")" * 6000 + "\n")
        await here.pushed(here.uri("deep.py"), ["TL900"])
        here.open("chain.py", "import torch\nx = torch.ones(1)\ny = " + "+".join(["x"] * 3000) + "\n")
        await here.pushed(here.uri("chain.py"), [])
        here.open("net.py", SOFTMAX)
        await here.pushed(here.uri("net.py"), ["TL401"])
