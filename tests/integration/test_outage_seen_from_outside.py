"""From a dead server to a page, through the prober, its journal, the collector and the evaluator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from exporters.prober import Prober, ProbeTarget, probe_client
from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement, labels_of
from foundation.metrics import MetricSpec
from slo.judge.evaluate import Evaluation, evaluate
from slo.judge.status import ObjectiveState, status
from slo.ledger.collect import Collector
from slo.ledger.sqlite_count_reader import SqliteCountReader
from slo.ledger.sqlite_counts import SqliteCountJournal
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import load_catalogue
from tests.support.prometheus_server import free_port
from tests.support.slo_samples import MINUTE, NOON


class Journalling:
    """The part of the telemetry that a prober needs, straight into its journal."""

    def __init__(self, journal: SqliteCountJournal) -> None:
        self._journal = journal

    def count(self, metric: MetricSpec, value: int = 1, /, **labels: str) -> None:
        self._journal.add([CounterIncrement(metric.name, labels_of(**labels), value)])


@asynccontextmanager
async def decision_api(port: int) -> AsyncIterator[None]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", port):
        yield


class Watch:
    """The control side over a folder: prober, collector, evaluator, on one clock moved by hand."""

    def __init__(self, folder: Path, prober: Prober, clock: ManualClock) -> None:
        self.prober, self.clock = prober, clock
        self.slos = [load_catalogue().slo("credit/decision-availability")]
        self.ledger = SqliteLedger(folder / "ledger.sqlite")
        reader = SqliteCountReader([folder / "prober.sqlite"])
        self.collector = Collector(self.slos, reader, self.ledger, "test", clock)

    async def minutes(self, count: int, probing: bool = True) -> Evaluation:
        for _ in range(count):
            for _ in range(6):
                if probing:
                    await self.prober.tick()
                    await self.prober.drain()
                self.clock.advance(MINUTE / 6)
        self.collector.collect()
        return evaluate(self.slos, self.ledger, "test", self.clock.now())

    def state(self) -> ObjectiveState:
        (found,) = status(self.slos, self.ledger, "test", self.clock.now())
        return found.state


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[tuple[Watch, int]]:
    clock, port = ManualClock(NOON), free_port()
    journal = SqliteCountJournal(tmp_path / "prober.sqlite", "prober", clock)
    async with probe_client() as client:
        target = ProbeTarget("decision-api", f"http://127.0.0.1:{port}/healthz")
        prober = Prober([target], Journalling(journal), journal, clock, client)
        made = Watch(tmp_path, prober, clock)
        yield made, port
        made.ledger.close()
    journal.close()


async def test_a_server_dead_for_three_minutes_burns_and_pages_and_its_return_resets(
    watch: tuple[Watch, int],
) -> None:
    control, port = watch
    async with decision_api(port):
        assert (await control.minutes(10)).firing == ()
        assert control.state() is ObjectiveState.OK
    down = await control.minutes(3)
    pages = [state for state in down.firing if state.tier.severity == "P1"]
    assert [state.long.counts.bad for state in pages] == [3]
    assert control.state() is not ObjectiveState.OK
    async with decision_api(port):
        back = await control.minutes(7)
    assert not [state for state in back.firing if state.tier.severity == "P1"]


async def test_a_prober_that_stopped_is_grey_and_pages_by_itself(watch: tuple[Watch, int]) -> None:
    control, port = watch
    async with decision_api(port):
        await control.minutes(5)
    silent = await control.minutes(3, probing=False)
    assert [silence.severity for silence in silent.no_data] == ["P1"]
    assert silent.firing == ()
    assert control.state() is ObjectiveState.NO_DATA
