"""Service levels as the command line sees them: the ledger on disk, opened for reading."""

from __future__ import annotations

from collections.abc import Sequence

from app.bootstrap.paths import DataPaths
from app.settings import Settings
from foundation.clock import parse_clock
from slo.judge.composite import CompositeStatus, composite_status
from slo.judge.status import ObjectiveStatus, status
from slo.ledger.exclusions import Exclusion
from slo.ledger.sqlite_exclusions import SqliteExclusionLog
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from slo.model.spec import Slo


class SloView:
    """Works with everything stopped: the numbers are those of the ledger, up to its last minute."""

    def __init__(self, settings: Settings) -> None:
        self.catalogue: Catalogue = load_catalogue(settings.definitions)
        self._settings = settings
        self._clock = parse_clock(settings.clock)
        paths = DataPaths(settings.data_dir)
        self.ledger = SqliteLedger(paths.ledger, read_only=True)
        self._exclusions = paths.exclusions

    def statuses(self) -> tuple[ObjectiveStatus, ...]:
        return self._status(self.catalogue.slos)

    def statuses_of(self, slo_id: str) -> tuple[ObjectiveStatus, ...]:
        """Raises ``UnknownSlo``."""
        return self._status([self.catalogue.slo(slo_id)])

    def _status(self, slos: Sequence[Slo]) -> tuple[ObjectiveStatus, ...]:
        now, environment = self._clock.now(), self._settings.environment
        return status(slos, self.ledger, environment, now, self._excluded())

    def composites(self) -> tuple[CompositeStatus, ...]:
        """Several objectives burning together, where a definition says so."""
        if not self.catalogue.composites:
            return ()
        statuses = self.statuses()
        return tuple(composite_status(composite, statuses) for composite in self.catalogue.composites)

    def _excluded(self) -> Sequence[Exclusion]:
        """Looking makes no file: nothing was ever excluded where there is none."""
        if not self._exclusions.is_file():
            return ()
        log = SqliteExclusionLog(self._exclusions)
        try:
            return log.all()
        finally:
            log.close()
