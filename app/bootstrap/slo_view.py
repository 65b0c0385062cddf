"""Service levels as they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.bootstrap.paths import DataPaths
from app.settings import Settings
from foundation.clock import Clock, parse_clock
from slo.judge.composite import CompositeStatus, composite_status
from slo.judge.status import ObjectiveStatus, status
from slo.ledger.exclusions import Exclusion
from slo.ledger.ledger import Ledger
from slo.ledger.sqlite_exclusions import SqliteExclusionLog
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import load_catalogue
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


def open_slo_view(settings: Settings) -> SloView:
    """Works with everything stopped: the numbers are those of the ledger, up to its last minute."""
    paths = DataPaths(settings.data_dir)

    def excluded() -> Sequence[Exclusion]:
        """Looking makes no file: nothing was ever excluded where there is none."""
        if not paths.exclusions.is_file():
            return ()
        log = SqliteExclusionLog(paths.exclusions)
        try:
            return log.all()
        finally:
            log.close()

    catalogue, ledger = load_catalogue(settings.definitions), SqliteLedger(paths.ledger, read_only=True)
    return SloView(catalogue, ledger, settings.environment, parse_clock(settings.clock), excluded)
