"""A console over real parts: shipped definitions, a ledger with counts, the router with incidents."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from app.console.application import create_console
from app.console.beside import JournalBeside
from app.console.decisions import JournalDecisions
from app.console.ports import ConsoleDependencies, IncidentDesk, PolicySource
from app.console.sessions import SqliteSessions
from exporters.consistency_index import PairReading
from slo.adapters.memory_ledger import MemoryLedger
from slo.catalogue import Catalogue, load_catalogue
from slo.clock import ManualClock
from slo.counts import MinuteCount
from slo.ledger import LedgerRow, SeriesKey
from slo.measurement import series_key
from slo.status import ObjectiveStatus, status

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 23, 17, 42, 20, tzinfo=UTC)
ENVIRONMENT = "local"
FAULT_MINUTES = 14
Minutes = Iterator[tuple[datetime, int, int]]  # minute, good, total


def key_of(catalogue: Catalogue, slo_id: str) -> SeriesKey:
    slo = catalogue.slo(slo_id)
    return series_key(slo, slo.objectives[0], ENVIRONMENT, ())


def traffic(minute: datetime, random: Random) -> int:
    """Decisions a minute over a day: quiet nights, two peaks."""
    hour = minute.hour + minute.minute / 60
    return max(0, round(180 + 120 * math.sin((hour - 8) / 24 * 2 * math.pi) + random.gauss(0, 12)))


def healthy_then_burning(now: datetime, days: int, base: float, fault: float, fault_minutes: int) -> Minutes:
    """``base`` share of bad events for ``days``, then ``fault`` for the last ``fault_minutes``."""
    random = Random(7)
    end = now.replace(second=0, microsecond=0)
    for index in range(days * 1440, 0, -1):
        minute = end - index * MINUTE
        total = traffic(minute, random)
        ratio = fault if index <= fault_minutes else base
        bad = sum(random.random() < ratio for _ in range(total)) if ratio < 0.9 else total
        yield minute, total - bad, total


class FixedReadings:
    """Consistency readings as given."""

    def __init__(self, readings: Sequence[PairReading] = ()) -> None:
        self._readings = readings

    def readings(self) -> Sequence[PairReading]:
        return self._readings


class GivenCounts:
    """A ``CountReader`` over counts made up in the test."""

    def __init__(self, counts: Sequence[MinuteCount] = (), alive: Sequence[datetime] = ()) -> None:
        self._counts, self._alive = counts, alive

    def read(self, since: datetime, until: datetime) -> Sequence[MinuteCount]:
        return [count for count in self._counts if since <= count.minute < until]

    def alive(self, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        return {"api-1/4f2c": [minute for minute in self._alive if since <= minute < until]}

    def names(self) -> Mapping[str, frozenset[str]]:
        return {"api-1/4f2c": frozenset(count.name for count in self._counts)}


class World:
    """What a console needs, with handles to change it."""

    def __init__(self, folder: Path, desk: IncidentDesk, policy: PolicySource, clock: ManualClock) -> None:
        self.clock = clock
        self.catalogue = load_catalogue()
        self.ledger = MemoryLedger()
        self.desk = desk
        self.policy = policy
        self.real_now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self.sessions = SqliteSessions(folder / "console.sqlite", lambda: self.real_now)
        self.readings: Sequence[PairReading] = ()
        self.counts: Sequence[MinuteCount] = ()
        self.alive: Sequence[datetime] = ()
        self.statuses: Callable[[], Sequence[ObjectiveStatus]] = self._statuses

    def fill(
        self, slo_id: str, minutes: Minutes, source: str = "api-1/4f2c", bound: int | None = None
    ) -> None:
        key = key_of(self.catalogue, slo_id)
        self.ledger.write(
            LedgerRow(key, minute, source, good, total, bound) for minute, good, total in minutes
        )

    def dependencies(self) -> ConsoleDependencies:
        reader = GivenCounts(self.counts, self.alive)
        return ConsoleDependencies(
            environment=ENVIRONMENT,
            clock=self.clock,
            catalogue=self.catalogue,
            statuses=lambda: self.statuses(),
            ledger=self.ledger,
            desk=self.desk,
            policy=self.policy,
            consistency=FixedReadings(self.readings),
            decisions=JournalDecisions(reader),
            sessions=self.sessions,
            version="0.1.0",
            beside=JournalBeside(reader),
        )

    def application(self) -> object:
        return create_console(self.dependencies())

    def _statuses(self) -> Sequence[ObjectiveStatus]:
        return status(self.catalogue.slos, self.ledger, ENVIRONMENT, self.clock.now())
