"""Every port of the data platform, opened together by a profile and closed together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from credit.ports.projections import Cache, HotStore, WideStore
from credit.ports.records import (
    AuditTrail,
    CustomerRecords,
    DecisionRecords,
    Outbox,
    PolicyRecords,
    TransactionRecords,
)
from credit.ports.sagas import DisbursementRecords, SagaLog
from credit.ports.secrets import Sealer
from credit.ports.stream import Stream
from dataplatform.consistency.monitor import CheckLog
from dataplatform.consistency.sides import ComparisonSource
from dataplatform.ingestion.letter_box import LetterBox
from dataplatform.ingestion.processing_log import ProcessingLog
from dataplatform.resilience.breaker import Breaker
from dataplatform.resilience.faults import FaultBoard


class OpenStore(Protocol):
    """One store behind the ports: how busy it is, and its end."""

    @property
    def saturation(self) -> float:
        """Use over limit, 0 to 1."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, refuse what comes after."""
        ...


@dataclass(frozen=True, slots=True)
class DataPlatform:
    """Every port, ready to use. ``close`` drains what was accepted, then lets go of the directory.

    ``stream_answers`` fails if the stream does not answer, and reads no record. ``breakers`` guard hot and
    wide (reads and projections alike); ``stores`` are by name, closed in order.
    """

    decisions: DecisionRecords
    customers: CustomerRecords
    transactions: TransactionRecords
    policies: PolicyRecords
    outbox: Outbox
    sagas: SagaLog
    disbursements: DisbursementRecords
    audit: AuditTrail
    hot: HotStore
    wide: WideStore
    cache: Cache
    stream: Stream
    stream_answers: Callable[[], Awaitable[object]]
    letters: LetterBox
    processing_log: ProcessingLog
    sealer: Sealer
    faults: FaultBoard
    comparison: ComparisonSource
    check_log: CheckLog
    breakers: Mapping[str, Breaker]
    stores: Mapping[str, OpenStore]
    directory: Path
    held: ExitStack

    def saturation(self) -> Mapping[str, float]:
        """Use over limit of each store, 0 to 1."""
        return {name: store.saturation for name, store in self.stores.items()}

    async def close(self) -> None:
        for store in self.stores.values():
            await store.close()
        self.held.close()
