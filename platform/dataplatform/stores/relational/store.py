"""Every relational port over one database."""

from __future__ import annotations

from dataplatform.stores.relational.audit import SqlAuditTrail
from dataplatform.stores.relational.comparison import SqlComparisonSource
from dataplatform.stores.relational.customers import SqlCustomerRecords
from dataplatform.stores.relational.decisions import SqlDecisionRecords
from dataplatform.stores.relational.disbursements import SqlDisbursementRecords
from dataplatform.stores.relational.outbox import SqlOutbox
from dataplatform.stores.relational.policies import SqlPolicyRecords
from dataplatform.stores.relational.sagas import SqlSagaLog
from dataplatform.stores.relational.session import RelationalDatabase
from dataplatform.stores.relational.transactions import SqlTransactionRecords
from foundation.clock import Clock

STORE = "relational"


class RelationalStore:
    """What is written by one port is seen by the others, and committed with what belongs to it."""

    def __init__(self, database: RelationalDatabase, clock: Clock) -> None:
        self.database = database
        self.decisions = SqlDecisionRecords(database, clock)
        self.customers = SqlCustomerRecords(database, clock)
        self.transactions = SqlTransactionRecords(database)
        self.policies = SqlPolicyRecords(database, clock)
        self.outbox = SqlOutbox(database, clock)
        self.sagas = SqlSagaLog(database, clock)
        self.disbursements = SqlDisbursementRecords(database, clock)
        self.audit = SqlAuditTrail(database, clock)
        self.comparison = SqlComparisonSource(database)

    async def close(self) -> None:
        """Refuse new calls, finish what was accepted, close the connections."""
        await self.database.close()
