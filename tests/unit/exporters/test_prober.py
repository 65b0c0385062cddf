from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from exporters.prober import Prober, ProbeTarget, probe_client
from foundation.clock import ManualClock, ScaledClock
from foundation.metrics import PROBES, MetricSpec
from slo.model.errors import LedgerError
from tests.support.slo_samples import MINUTE, NOON


class Heard:
    """Telemetry and journal of one prober, remembered."""

    def __init__(self) -> None:
        self.results: Counter[str] = Counter()
        self.beats = 0
        self.broken = False
        self.dozen = asyncio.Event()

    def count(self, metric: MetricSpec, value: int = 1, /, **labels: str) -> None:
        assert metric is PROBES
        assert labels["target"] == "decision-api"
        self.results[labels["result"]] += value
        if self.results.total() >= 12:
            self.dozen.set()

    def heartbeat(self) -> None:
        if self.broken:
            raise LedgerError("disk full")
        self.beats += 1


@asynccontextmanager
async def server(answer: bytes, hold: float = 0.0) -> AsyncIterator[str]:
    """A listener that says ``answer`` to whatever comes, after ``hold`` seconds; its URL."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(hold)
            writer.write(answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield f"http://127.0.0.1:{port}/healthz"


async def probed(url: str, timeout_seconds: float = 2.0) -> Counter[str]:
    heard = Heard()
    async with probe_client(timeout_seconds) as client:
        target = ProbeTarget("decision-api", url)
        prober = Prober([target], heard, heard, ManualClock(NOON), client, timeout_seconds=timeout_seconds)
        await prober.tick()
        await prober.drain()
    return heard.results


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def test_an_answer_is_a_good_probe() -> None:
    async with server(OK) as url:
        assert await probed(url) == {"ok": 1}


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\ncut short",
        b"\x00\xff not HTTP at all \r\n\r\n",
        b"",
    ],
)
async def test_anything_else_than_a_whole_success_is_a_failed_probe(answer: bytes) -> None:
    async with server(answer) as url:
        assert await probed(url) == {"failed": 1}


async def test_a_refused_connection_is_a_failed_probe() -> None:
    async with server(OK) as url:
        pass
    assert await probed(url) == {"failed": 1}


async def test_a_server_that_hangs_fails_within_the_patience() -> None:
    async with server(OK, hold=30) as url:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await probed(url, timeout_seconds=0.2) == {"failed": 1}
        assert loop.time() - began < 5


async def test_a_name_that_does_not_exist_is_a_failed_probe() -> None:
    assert await probed("http://no-such-host.invalid/healthz") == {"failed": 1}


async def test_hanging_probes_do_not_hold_up_the_next_ones() -> None:
    """More probes on their way than allowed: the others are counted as failed at once, not left out."""
    heard = Heard()
    async with server(OK, hold=30) as url, probe_client(0.3) as client:
        target = ProbeTarget("decision-api", url)
        prober = Prober(
            [target], heard, heard, ManualClock(NOON), client, timeout_seconds=0.3, max_in_flight=3
        )
        for _ in range(5):
            await prober.tick()
        assert heard.results == {"failed": 2}
        await prober.drain()
        assert heard.results == {"failed": 5}


async def test_it_beats_once_a_minute_and_goes_on_when_it_cannot() -> None:
    heard = Heard()
    clock = ManualClock(NOON)
    async with server(OK) as url, probe_client() as client:
        prober = Prober([ProbeTarget("decision-api", url)], heard, heard, clock, client)
        for _ in range(3):
            await prober.tick()
        assert heard.beats == 1
        clock.advance(MINUTE)
        heard.broken = True
        await prober.tick()
        heard.broken = False
        await prober.tick()
        await prober.drain()
    assert heard.beats == 2
    assert heard.results == {"ok": 5}


async def test_it_probes_several_times_a_minute_of_the_clock_until_it_is_cancelled() -> None:
    heard = Heard()
    clock = ScaledClock(600.0, NOON)
    async with server(OK) as url, probe_client() as client:
        prober = Prober([ProbeTarget("decision-api", url)], heard, heard, clock, client, per_minute=6)
        task = asyncio.create_task(prober.run())
        began = clock.now()
        await heard.dozen.wait()
        minutes = (clock.now() - began) / MINUTE
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert minutes >= 11 / 6
    assert heard.beats >= 1
    assert set(heard.results) == {"ok"}
