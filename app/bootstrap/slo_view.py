"""Service levels as the command line sees them: the ledger on disk, opened for reading."""

from __future__ import annotations

from collections.abc import Sequence

from app.bootstrap.paths import DataPaths
from app.settings import Settings
from slo.adapters.sqlite_ledger import SqliteLedger
from slo.catalogue import Catalogue, load_catalogue
from slo.clock import parse_clock
from slo.spec import Slo
from slo.status import ObjectiveStatus, status


class SloView:
    """Works with everything stopped: the numbers are those of the ledger, up to its last minute."""

    def __init__(self, settings: Settings) -> None:
        self.catalogue: Catalogue = load_catalogue(settings.definitions)
        self._settings = settings
        self._clock = parse_clock(settings.clock)
        self.ledger = SqliteLedger(DataPaths(settings.data_dir).ledger, read_only=True)

    def statuses(self) -> tuple[ObjectiveStatus, ...]:
        return self._status(self.catalogue.slos)

    def statuses_of(self, slo_id: str) -> tuple[ObjectiveStatus, ...]:
        """Raises ``UnknownSlo``."""
        return self._status([self.catalogue.slo(slo_id)])

    def _status(self, slos: Sequence[Slo]) -> tuple[ObjectiveStatus, ...]:
        return status(slos, self.ledger, self._settings.environment, self._clock.now())
