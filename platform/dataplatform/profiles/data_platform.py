"""Every port of the data platform, opened together by a profile and closed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
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
from dataplatform.resilience.miss_on_failure import MissOnFailure
from dataplatform.wrapped import (
    Around,
    Wrapped,
    WrappedAuditTrail,
    WrappedCache,
    WrappedCustomerRecords,
    WrappedDecisionRecords,
    WrappedDisbursementRecords,
    WrappedHotStore,
    WrappedOutbox,
    WrappedPolicyRecords,
    WrappedSagaLog,
    WrappedStream,
    WrappedTransactionRecords,
    WrappedWideStore,
    through,
)


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

    ``breakers`` guard hot and wide (reads and projections alike); ``stores`` are by name, closed in order.
    """

    decisions: DecisionRecords
    customers: CustomerRecords
    transactions: TransactionRecords
    policies: PolicyRecords
    outbox: Outbox
    sagas: SagaLog
    disbursements: DisbursementRecords
    audit: AuditTrail
    comparison: ComparisonSource
    hot: HotStore
    wide: WideStore
    cache: Cache
    stream: Stream
    letters: LetterBox
    processing_log: ProcessingLog
    check_log: CheckLog
    sealer: Sealer
    breakers: Mapping[str, Breaker]
    stores: Mapping[str, OpenStore]
    directory: Path
    held: ExitStack

    def mapped(self, around: Callable[[str], Around]) -> DataPlatform:
        """The same platform; each call of each port goes through what ``around`` gives for its store."""
        relational, stream = around("relational"), around("stream")
        return replace(
            self,
            decisions=WrappedDecisionRecords(self.decisions, relational),
            customers=WrappedCustomerRecords(self.customers, relational),
            transactions=WrappedTransactionRecords(self.transactions, relational),
            policies=WrappedPolicyRecords(self.policies, relational),
            outbox=WrappedOutbox(self.outbox, relational),
            sagas=WrappedSagaLog(self.sagas, relational),
            disbursements=WrappedDisbursementRecords(self.disbursements, relational),
            audit=WrappedAuditTrail(self.audit, relational),
            comparison=WrappedComparisonSource(self.comparison, relational),
            hot=WrappedHotStore(self.hot, around("hot")),
            wide=WrappedWideStore(self.wide, around("wide")),
            cache=WrappedCache(self.cache, around("cache")),
            stream=WrappedStream(self.stream, stream),
            letters=WrappedLetterBox(self.letters, stream),
            processing_log=WrappedProcessingLog(self.processing_log, stream),
            check_log=WrappedCheckLog(self.check_log, around("consistency")),
        )

    def guarded(self, faults: FaultBoard | None) -> DataPlatform:
        """With the faults of a board in its stores, and around them what copes with failures: breakers for
        hot and wide. A cache never fails by itself; with faults in it, its failures are misses again."""
        inner = self if faults is None else self.mapped(faults.around)
        return replace(
            inner,
            hot=WrappedHotStore(inner.hot, self.breakers["hot"].around),
            wide=WrappedWideStore(inner.wide, self.breakers["wide"].around),
            cache=inner.cache if faults is None else MissOnFailure(inner.cache),
        )

    def saturation(self) -> Mapping[str, float]:
        """Use over limit of each store, 0 to 1."""
        return {name: store.saturation for name, store in self.stores.items()}

    async def close(self) -> None:
        for store in self.stores.values():
            await store.close()
        self.held.close()


class WrappedComparisonSource(Wrapped[ComparisonSource]):
    population = through(ComparisonSource.population)
    sample = through(ComparisonSource.sample)
    states = through(ComparisonSource.states)
    marks = through(ComparisonSource.marks)


class WrappedLetterBox(Wrapped[LetterBox]):
    add = through(LetterBox.add)
    letters = through(LetterBox.letters)
    find = through(LetterBox.find)
    remove = through(LetterBox.remove)


class WrappedProcessingLog(Wrapped[ProcessingLog]):
    add = through(ProcessingLog.add)
    latest = through(ProcessingLog.latest)


class WrappedCheckLog(Wrapped[CheckLog]):
    add = through(CheckLog.add)
    add_repair = through(CheckLog.add_repair)
