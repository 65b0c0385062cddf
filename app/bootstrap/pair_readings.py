"""The newest comparisons on file as the exporter and the console show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dataplatform.stores.sqlite.check_log import latest_checks
from exporters.collectors.consistency_index import PairReading


@dataclass(frozen=True, slots=True)
class PairReadings:
    """``exporters.collectors.consistency_index.ConsistencySource`` over the data platform's file."""

    path: Path

    def readings(self) -> Sequence[PairReading]:
        return [PairReading(**asdict(check)) for check in latest_checks(self.path)]
