"""A console over real parts: shipped definitions, a ledger with counts, the router with incidents."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from starlette.types import ASGIApp

from alarms.intake.evaluator import alerts_of
from alarms.intake.heartbeats import statuses
from alarms.model.alert import Alert, AlertState
from alarms.model.expected_beat import ExpectedBeat
from alarms.model.ids import SortableIds
from alarms.model.severity import Severity
from alarms.policy.policy_file import load_policy
from alarms.router.router import Router
from alarms.stores.sqlite import SqliteRouterStore
from app.console.application import create_console
from app.console.beside import JournalBeside
from app.console.decisions import JournalDecisions
from app.console.ports import ConsoleDependencies
from app.console.sessions import SqliteSessions
from exporters.collectors.consistency_index import PairReading
from foundation.clock import ManualClock
from slo.drift import DriftReport
from slo.judge.evaluate import evaluate
from slo.judge.status import ObjectiveStatus, status
from slo.ledger.ledger import LedgerRow, SeriesKey, series_key
from slo.ledger.minute_counts import MinuteCount
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from tests.support.memory_ledger import MemoryLedger

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 23, 17, 42, 20, tzinfo=UTC)
ENVIRONMENT = "local"
Minutes = Iterable[tuple[datetime, int, int]]  # minute, good, total


def key_of(catalogue: Catalogue, slo_id: str) -> SeriesKey:
    slo = catalogue.slo(slo_id)
    return series_key(slo, slo.objectives[0], ENVIRONMENT, ())


def traffic(minute: datetime, random: Random) -> int:
    """Decisions a minute over a day: quiet nights, two peaks."""
    hour = minute.hour + minute.minute / 60
    return max(0, round(180 + 120 * math.sin((hour - 8) / 24 * 2 * math.pi) + random.gauss(0, 12)))


def healthy_then_burning(
    now: datetime, minutes: int, base: float, fault: float, fault_minutes: int
) -> Minutes:
    """``base`` share of bad events for ``minutes``, then ``fault`` for the last ``fault_minutes``."""
    random = Random(7)
    end = now.replace(second=0, microsecond=0)
    for index in range(minutes, 0, -1):
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

    def unreadable(self) -> Mapping[str, str]:
        return {}


class World:
    """What a console needs, with handles to change it."""

    def __init__(self, folder: Path, now: datetime = NOW) -> None:
        self.clock = ManualClock(now)
        self.catalogue = load_catalogue()
        self.ledger = MemoryLedger()
        self.store = SqliteRouterStore()
        self.router = Router(self.store, load_policy(), self.clock, SortableIds(self.clock, "I"))
        self.real_now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self.sessions = SqliteSessions(folder / "console.sqlite", lambda: self.real_now)
        self.readings: Sequence[PairReading] = ()
        self.counts: Sequence[MinuteCount] = ()
        self.alive: Sequence[datetime] = ()
        self.statuses: Callable[[], Sequence[ObjectiveStatus]] = self._statuses
        self.time_zone = "America/Sao_Paulo"
        self.expected: Mapping[str, ExpectedBeat] = {}
        self.drift: DriftReport | None = None

    def fill(
        self, slo_id: str, minutes: Minutes, source: str = "api-1/4f2c", bound: int | None = None
    ) -> None:
        """Write the minutes to the ledger as counted by one source."""
        key = key_of(self.catalogue, slo_id)
        self.ledger.write(
            LedgerRow(key, minute, source, good, total, bound) for minute, good, total in minutes
        )

    def evaluate(self) -> None:
        """One turn of the control side: judge the ledger, tell the router, let its clocks run."""
        now = self.clock.now()
        evaluation = evaluate(self.catalogue.slos, self.ledger, ENVIRONMENT, now)
        self.router.receive_all(alerts_of(evaluation, self.router.firing("evaluator")))
        self.router.tick(now)

    def alert(self, name: str, severity: Severity, **labels: str) -> str:
        """A foreign alert through the router; the id of its incident."""
        now = self.clock.now()
        alert = Alert(
            alert_key=name,
            source="alertmanager",
            environment=ENVIRONMENT,
            name=name,
            state=AlertState.FIRING,
            starts_at=now,
            summary=f"{name} is firing",
            labels={"alertname": name, **labels},
            severity=severity,
        )
        incident = self.router.receive(alert)
        assert incident is not None
        return incident

    def dependencies(self) -> ConsoleDependencies:
        reader = GivenCounts(self.counts, self.alive)
        return ConsoleDependencies(
            environment=ENVIRONMENT,
            clock=self.clock,
            catalogue=self.catalogue,
            statuses=lambda: self.statuses(),
            ledger=self.ledger,
            desk=self.router,
            escalation=self.router.escalation_of,
            consistency=FixedReadings(self.readings),
            decisions=JournalDecisions(reader),
            sessions=self.sessions,
            time_zone=self.time_zone,
            version="0.1.0",
            beside=JournalBeside(reader),
            drift=lambda: self.drift,
            heartbeats=lambda: statuses(self.store, self.expected, self.clock.now()),
        )

    def application(self) -> ASGIApp:
        return create_console(self.dependencies())

    def _statuses(self) -> Sequence[ObjectiveStatus]:
        return status(self.catalogue.slos, self.ledger, ENVIRONMENT, self.clock.now())
