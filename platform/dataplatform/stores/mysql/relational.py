"""The relational ports over Aurora MySQL or MariaDB: opened and closed together, on the newest schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from credit.ports.records import (
    AuditTrail,
    CustomerRecords,
    DecisionRecords,
    Outbox,
    PolicyRecords,
    TransactionRecords,
)
from credit.ports.sagas import DisbursementRecords, SagaLog
from dataplatform.consistency.sides import ComparisonSource
from dataplatform.ingestion.processing_log import ProcessingLog
from dataplatform.stores.mysql.audit import MysqlAuditTrail
from dataplatform.stores.mysql.comparison_source import MysqlComparisonSource
from dataplatform.stores.mysql.customers import MysqlCustomerRecords
from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.mysql.decisions import MysqlDecisionRecords
from dataplatform.stores.mysql.disbursements import MysqlDisbursementRecords
from dataplatform.stores.mysql.endpoint import PoolLimits, make_engine
from dataplatform.stores.mysql.outbox import MysqlOutbox
from dataplatform.stores.mysql.policies import MysqlPolicyRecords
from dataplatform.stores.mysql.processing_log import MysqlProcessingLog
from dataplatform.stores.mysql.sagas import MysqlSagaLog
from dataplatform.stores.mysql.transactions import MysqlTransactionRecords
from dataplatform.stores.mysql.upgrade import upgrade
from foundation.clock import Clock

STORE = "relational"


@dataclass(frozen=True, slots=True)
class MysqlRelational:
    """Every relational port, ready to use; any number of processes may open the same database."""

    decisions: DecisionRecords
    customers: CustomerRecords
    transactions: TransactionRecords
    policies: PolicyRecords
    outbox: Outbox
    sagas: SagaLog
    disbursements: DisbursementRecords
    audit: AuditTrail
    processing_log: ProcessingLog
    comparison: ComparisonSource
    database: MysqlDatabase

    def saturation(self) -> Mapping[str, float]:
        """Calls in progress or waiting over their limit, 0 to 1, by store."""
        return {STORE: self.database.saturation}

    async def close(self) -> None:
        """Refuse new calls, finish what was accepted, close the connections."""
        await self.database.close()


def open_mysql_relational(
    writer_url: str, reader_url: str | None, clock: Clock, limits: PoolLimits | None = None
) -> MysqlRelational:
    """Connect to ``mysql://user:password@host:port/database`` and bring its schema up to date; blocks.

    ``reader_url`` is the reader endpoint of a cluster; None: the writer answers reads, too. ``limits`` hold
    for each endpoint (ADR 12 has the arithmetic of 2,000 connections).

    Raises:
        StoreUnavailable: the writer does not answer.
        SchemaError: the database is newer than this program.
    """
    engine = make_engine(writer_url, connections=1)
    try:
        upgrade(engine, STORE)
    finally:
        engine.dispose()
    database = MysqlDatabase(writer_url, reader_url, STORE, clock, limits=limits)
    return MysqlRelational(
        decisions=MysqlDecisionRecords(database, clock),
        customers=MysqlCustomerRecords(database, clock),
        transactions=MysqlTransactionRecords(database),
        policies=MysqlPolicyRecords(database, clock),
        outbox=MysqlOutbox(database, clock),
        sagas=MysqlSagaLog(database, clock),
        disbursements=MysqlDisbursementRecords(database, clock),
        audit=MysqlAuditTrail(database, clock),
        processing_log=MysqlProcessingLog(database),
        comparison=MysqlComparisonSource(database),
        database=database,
    )
