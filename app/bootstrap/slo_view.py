"""Service levels as they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from app.bootstrap.paths import paths_of
from app.settings import Settings
from foundation.clock import Clock, parse_clock
from foundation.paths import is_absent
from slo.judge.composite import CompositeStatus, composite_status
from slo.judge.status import ObjectiveStatus, status
from slo.ledger.exclusions import Exclusion
from slo.ledger.ledger import Ledger
from slo.ledger.sqlite_exclusions import SqliteExclusionLog
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import catalogue_of
from slo.model.catalogue import Catalogue


@dataclass(slots=True)
class SloView:
    """Computes statuses when it is asked; keeps the last ones for scrapes, which must not wait."""

    catalogue: Catalogue
    ledger: Ledger
    environment: str
    clock: Clock
    excluded: Callable[[], Sequence[Exclusion]]
    _last: Sequence[ObjectiveStatus] = field(default=(), init=False)

    def statuses(self, slo_id: str | None = None) -> tuple[ObjectiveStatus, ...]:
        """Of every SLO or of one. Raises ``UnknownSlo``."""
        slos = self.catalogue.slos if slo_id is None else [self.catalogue.slo(slo_id)]
        return status(slos, self.ledger, self.environment, self.clock.now(), self.excluded())

    def composites(self) -> tuple[CompositeStatus, ...]:
        """Several objectives burning together, where a definition says so."""
        statuses = self.statuses() if self.catalogue.composites else ()
        return tuple(composite_status(composite, statuses) for composite in self.catalogue.composites)

    def refresh(self) -> None:
        self._last = self.statuses()

    def last(self) -> Sequence[ObjectiveStatus]:
        return self._last


def open_slo_view(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> SloView:
    """Works with everything stopped: the numbers are those of the ledger, up to its last minute. Where there
    is none and SLOs are counted from a Prometheus, that is asked for the whole period, and ``progress`` told
    of it; nothing is kept.

    Raises:
        LedgerError: there is no ledger, and no Prometheus to ask instead.
        SourceError: that Prometheus cannot be asked.
    """
    paths = paths_of(settings)

    catalogue, clock = catalogue_of(settings.folders), parse_clock(settings.clock)
    ledger = _asked(settings, catalogue, clock, progress) or SqliteLedger(paths.ledger, read_only=True)
    return SloView(
        catalogue, ledger, settings.environment, clock, partial(exclusions_on_file, paths.exclusions)
    )


def exclusions_on_file(path: Path) -> Sequence[Exclusion]:
    """Reading does not create the file: without it, nothing was excluded.

    Raises:
        LedgerError, UnusableFile: what is there cannot be read, or is something else.
    """
    if is_absent(path):
        return ()
    log = SqliteExclusionLog(path, read_only=True)
    try:
        return log.all()
    finally:
        log.close()


def _asked(
    settings: Settings, catalogue: Catalogue, clock: Clock, progress: Callable[[str], None]
) -> SqliteLedger | None:
    """A ledger in memory, of what a Prometheus answers now; None: there is one on file, or no Prometheus."""
    paths = paths_of(settings)
    if not is_absent(paths.ledger) or not settings.prometheus:
        return None
    # Imported here: a client of HTTP takes time to load, and a ledger on file needs none.
    from app.bootstrap.count_source import PROMETHEUS, count_collector, count_source
    from slo.ledger.collect import HISTORY
    from slo.ledger.sqlite_count_reader import SqliteCountReader

    if count_source(settings) != PROMETHEUS:
        return None
    ledger, journals = SqliteLedger(), SqliteCountReader(paths.journals)
    period = max((slo.window.length for slo in catalogue.slos), default=HISTORY)
    with count_collector(settings, catalogue.slos, ledger, journals, clock, period, progress) as collector:
        collector.collect()
    return ledger
