"""What the control side knows about the decision API's availability, read from its files."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from alarms.model.incident import Incident
from alarms.model.notification import NotifyStep
from alarms.model.severity import Severity
from alarms.notify.local_sink import Delivered, LocalSink
from app.bootstrap.paths import DataPaths
from app.bootstrap.router import open_router
from app.settings import load_settings
from foundation.clock import SystemClock, clock_spec, parse_clock
from slo.judge.burn_rate import TierBurn
from slo.judge.status import ObjectiveStatus, status
from slo.ledger.ledger import Counts, series_key
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import load_catalogue
from slo.model.conventions import NO_DATA_OBJECTIVE
from slo.model.periods import MINUTE, floor_minute

FACTOR = 60.0  # a minute of the ledger is a second
AVAILABILITY = "credit/decision-availability"


def accelerated() -> dict[str, str]:
    """Settings for every process of one stack: one clock, sixty times faster than real time.

    A probe's patience stays real time and is long: a busy machine must not look like an outage.
    """
    return {
        "MIRANTE_CLOCK": clock_spec(FACTOR, datetime.now(UTC)),
        "MIRANTE_EVALUATE_EVERY": "30",
        "MIRANTE_PROBE_EVERY": "10",
        "MIRANTE_PROBE_TIMEOUT": "15",
    }


class ControlFiles:
    """The ledger, the router's store and the delivered notifications below ``data_dir``."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str]) -> None:
        self._settings = load_settings(environment={**settings, "MIRANTE_DATA_DIR": str(data_dir)})
        self._paths = DataPaths(data_dir)
        catalogue = load_catalogue()
        self._slo = catalogue.slo(AVAILABILITY)
        self._routing = open_router(self._settings, catalogue)
        self.clock = parse_clock(self._settings.clock)

    def __enter__(self) -> ControlFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._routing.store.close()

    def since(self, start: datetime) -> Counts:
        """Counts of the whole minutes that began at ``start`` or later."""
        key = series_key(self._slo, self._slo.objectives[0], self._settings.environment, ())
        first = floor_minute(start + MINUTE - timedelta(microseconds=1))
        with closing(SqliteLedger(self._paths.ledger, read_only=True)) as ledger:
            return ledger.counts(key, first, floor_minute(self.clock.now()) + MINUTE)

    def status(self) -> ObjectiveStatus:
        with closing(SqliteLedger(self._paths.ledger, read_only=True)) as ledger:
            return status([self._slo], ledger, self._settings.environment, self.clock.now())[0]

    def fastest_tier(self) -> TierBurn:
        """The tier that pages P1: 14.4 times over an hour and five minutes."""
        return self.status().tiers[0]

    def burn_incidents(self) -> Sequence[Incident]:
        """Newest first, resolved ones included."""
        return [item for item in self._incidents() if item.objective != NO_DATA_OBJECTIVE]

    def silence_incidents(self) -> Sequence[Incident]:
        return [item for item in self._incidents() if item.objective == NO_DATA_OBJECTIVE]

    def pages(self, incidents: Sequence[Incident]) -> Sequence[Delivered]:
        """First P1 pages about these incidents that were delivered, in order of arrival."""
        if not self._paths.notifications.exists():
            return []
        about = {incident.id for incident in incidents}
        with closing(LocalSink(self._paths.notifications, SystemClock())) as sink:
            return [item for item in sink.delivered() if _is_first_p1(item) and _about(item) in about]

    def counted_requests(self) -> int:
        """Decision requests that the data side counted, ever."""
        with closing(sqlite3.connect(self._paths.journal("data"))) as database:
            row = database.execute(
                "SELECT coalesce(sum(value), 0) FROM counts JOIN counters ON counters.id = counts.counter "
                "WHERE counters.name = 'credit_decision_requests_total'"
            ).fetchone()
        return int(row[0])

    def _incidents(self) -> Sequence[Incident]:
        return [item for item in self._routing.router.incidents() if item.slo_id == AVAILABILITY]


def _is_first_p1(item: Delivered) -> bool:
    return item.notification.severity is Severity.P1 and item.notification.step is NotifyStep.FIRST


def _about(item: Delivered) -> str:
    return item.notification.incident_id
