"""What a client may send before its request is known, over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from app.serving import request_heads
from app.serving.request_heads import MOST_BYTES, MOST_HEADERS, BoundedHeads
from tests.support.patience import patience

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def length_of_body(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"read {len(body)}")(scope, receive, send)


async def unread(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("unread")(scope, receive, send)


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(4 * request_heads.SECONDS)
    await PlainTextResponse("slow")(scope, receive, send)


@contextlib.asynccontextmanager
async def connected(
    application: ASGIApp = length_of_body,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = Config(application, lifespan="off", ws="none", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedHeads(config, state, {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """All that came; a reset is an end, too."""
    received = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(patience(30)):
            while chunk := await reader.read(65_536):
                received += chunk
    return received


async def answer_to(request: bytes, application: ASGIApp = length_of_body) -> bytes:
    async with connected(application) as (reader, writer):
        writer.write(request)
        return await until_closed(reader)


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_heads, "SECONDS", 0.1)


async def test_an_unfinished_head_beyond_the_limit_is_refused() -> None:
    for start in (HEAD + b"X-A: ", b"GET /", b"", b"\r\n"):
        async with connected() as (reader, writer):
            for _ in range(40):
                writer.write(start + b"a" * 8_192 if start.strip() else b"\r\n" * 4_096)
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                start = b"a" if start.strip() else b""
            await until_closed(reader)  # closed, though this side never was


async def test_a_head_that_is_too_large_but_complete_is_refused() -> None:
    answer = await answer_to(HEAD + b"X-A: " + b"a" * MOST_BYTES + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.count(b"HTTP/1.1") == 1


async def test_as_many_headers_as_the_limit_are_taken_and_one_more_is_not() -> None:
    more = [b"X-%d: a\r\n" % number for number in range(MOST_HEADERS - 2)]
    last = b"Connection: close\r\n\r\n"
    assert (await answer_to(HEAD + b"".join(more) + last)).startswith(b"HTTP/1.1 200 ")
    assert (await answer_to(HEAD + b"".join(more) + b"Y: a\r\n" + last)).startswith(b"HTTP/1.1 431 ")


async def test_a_body_is_no_head_however_large_and_the_next_request_is_read() -> None:
    size = 20 * MOST_BYTES
    upload = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"a" * size
    answer = await answer_to(upload + HEAD + b"Connection: close\r\n\r\n")
    assert b"read %d" % size in answer
    assert answer.endswith(b"read 0")


async def test_the_trailers_of_a_chunked_body_are_bounded_too() -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-A: "
    async with connected() as (reader, writer):
        writer.write(chunked)
        for _ in range(40):
            writer.write(b"a" * 8_192)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        assert b"read" not in await until_closed(reader)


@pytest.mark.usefixtures("in_a_hurry")
async def test_a_head_that_does_not_end_in_time_is_refused() -> None:
    assert (await answer_to(HEAD)).startswith(b"HTTP/1.1 408 ")
    assert (await answer_to(HEAD + b"\r\n" + HEAD)).count(b"HTTP/1.1") == 2


@pytest.mark.usefixtures("in_a_hurry")
async def test_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    assert await answer_to(b"") == b""


@pytest.mark.usefixtures("in_a_hurry")
async def test_an_application_may_take_its_time() -> None:
    answer = await answer_to(HEAD + b"Connection: close\r\n\r\n", slow)
    assert answer.endswith(b"slow")


@pytest.mark.usefixtures("in_a_hurry")
async def test_a_body_that_nobody_waits_for_does_not_keep_its_connection() -> None:
    answer = await answer_to(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1", unread)
    assert answer.endswith(b"unread")
