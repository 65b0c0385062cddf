"""The prober: asks the decision API from outside, several times a minute, and counts what it heard.

A dead process counts no requests, so a total outage would look calm from the inside. Every probe is counted,
also the one that was refused, cut off or not answered in time; a minute without any probe is *no data*.
Time between probes is the clock's (it may be accelerated); a probe's patience is real time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from foundation.clock import Clock
from foundation.metrics import PROBES, MetricSpec
from slo.model.errors import SloError

log = logging.getLogger("mirante.prober")

OK, FAILED = "ok", "failed"
UNANSWERED = (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, UnicodeError)


class ProbeCounter(Protocol):
    """The part of ``Telemetry`` that the prober needs."""

    def count(self, metric: MetricSpec, value: int = 1, /, **labels: str) -> None: ...


class Heartbeat(Protocol):
    """The part of ``CountJournal`` that the prober needs."""

    def heartbeat(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """``name`` is the ``target`` label (``decision-api``). Any status in ``accepted`` is a good answer."""

    name: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    accepted: range = range(200, 300)


def probe_client(timeout_seconds: float = 2.0) -> httpx.AsyncClient:
    """A client that connects anew for each probe and ignores proxies of the environment.

    A kept connection would make a server that closed it look dead, and a server that no longer accepts
    connections look alive.
    """
    return httpx.AsyncClient(
        timeout=timeout_seconds,
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
        follow_redirects=False,
    )


class Prober:
    """Runs until cancelled. ``per_minute`` probes of each target in a minute of the clock.

    A probe not answered within ``timeout_seconds`` (real) is counted as failed; so is one that could not even
    be sent because ``max_in_flight`` earlier ones still wait.
    """

    def __init__(
        self,
        targets: Sequence[ProbeTarget],
        telemetry: ProbeCounter,
        journal: Heartbeat,
        clock: Clock,
        client: httpx.AsyncClient,
        per_minute: int = 6,
        timeout_seconds: float = 2.0,
        max_in_flight: int = 64,
    ) -> None:
        self._targets = tuple(targets)
        self._telemetry, self._journal, self._clock, self._client = telemetry, journal, clock, client
        self._interval = timedelta(minutes=1) / per_minute
        self._timeout = timeout_seconds
        self._max_in_flight = max_in_flight
        self._in_flight: set[asyncio.Task[None]] = set()
        self._beaten: datetime | None = None

    async def run(self) -> None:
        """Probe on a fixed beat; a late beat is not made up for by a burst."""
        due = self._clock.now()
        try:
            while True:
                await self.tick()
                due = max(due + self._interval, self._clock.now())
                await self._clock.sleep((due - self._clock.now()).total_seconds())
        finally:
            await self.drain()

    async def tick(self) -> None:
        """Send one probe to each target without waiting for the answers."""
        await self._beat()
        for target in self._targets:
            if len(self._in_flight) >= self._max_in_flight:
                self._count(target, FAILED)
                continue
            task = asyncio.create_task(self._probe(target))
            self._in_flight.add(task)
            task.add_done_callback(self._finished)

    async def drain(self) -> None:
        """Wait for the probes on their way; at most their patience."""
        if self._in_flight:
            await asyncio.wait(self._in_flight)

    async def _probe(self, target: ProbeTarget) -> None:
        self._count(target, OK if await self._answers(target) else FAILED)

    async def _answers(self, target: ProbeTarget) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.request(target.method, target.url, headers=target.headers)
        except UNANSWERED as error:
            log.warning("probe of %s failed: %s: %s", target.name, type(error).__name__, error)
            return False
        return response.status_code in target.accepted

    def _count(self, target: ProbeTarget, result: str) -> None:
        self._telemetry.count(PROBES, target=target.name, result=result)

    async def _beat(self) -> None:
        """Once a minute of the clock; the journal waits for the disk, so the loop does not."""
        minute = self._clock.now().replace(second=0, microsecond=0)
        if minute == self._beaten:
            return
        try:
            await asyncio.to_thread(self._journal.heartbeat)
            self._beaten = minute
        except SloError as error:
            log.error("the prober's journal takes no heartbeat: %s", error)

    def _finished(self, task: asyncio.Task[None]) -> None:
        """A probe that failed in an unforeseen way is not counted, so its minute has no data; the failure is
        logged."""
        self._in_flight.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a probe broke: %s", error, exc_info=error)
