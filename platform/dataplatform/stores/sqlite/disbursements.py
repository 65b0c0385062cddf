"""Paying out in SQLite: transaction, audit entry and outbox row, under the saga's fence."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from credit.domain.canonical import canonical_json
from credit.domain.disbursement import Order, Refusal, free_limit
from credit.domain.errors import DisbursementRefused
from credit.ports.sagas import Saga
from dataplatform.stores.sqlite.audit import append_entry
from dataplatform.stores.sqlite.customers import read_customer
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.sagas import require_fence
from dataplatform.stores.sqlite.transactions import add_transaction
from foundation.clock import Clock
from foundation.instants import to_micros

_PAID = "SELECT 1 FROM transactions WHERE transaction_id = ?"
_PAID_SINCE = """
SELECT coalesce(sum(amount_cents), 0) FROM transactions
WHERE customer_id = ? AND created_at >= ? AND kind = 'DISBURSEMENT' AND status <> 'REVERSED'
"""


def _free(connection: sqlite3.Connection, customer_id: str) -> int:
    profile = read_customer(connection, customer_id)
    if profile is None:
        return free_limit(None, 0)
    since = (customer_id, to_micros(profile.updated_at))
    return free_limit(profile, int(connection.execute(_PAID_SINCE, since).fetchone()[0]))


def _pay(connection: sqlite3.Connection, order: Order, saga: Saga, at: datetime) -> bool:
    require_fence(connection, saga.saga_id, saga.fence)
    if connection.execute(_PAID, (order.transaction_id,)).fetchone() is not None:
        return False
    if _free(connection, order.customer_id) < order.amount_cents:
        raise DisbursementRefused(Refusal.LIMIT_EXCEEDED)
    add_transaction(connection, order.transaction(at))
    body = canonical_json({"amount_cents": order.amount_cents, "customer_id": order.customer_id})
    append_entry(connection, at, order.client_id, "disbursement.paid", order.decision_id, body)
    return True


class SqliteDisbursementRecords:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def free_limit(self, customer_id: str) -> int:
        return await self._database.read(lambda c: _free(c, customer_id))

    async def pay(self, order: Order, saga: Saga) -> bool:
        at = self._clock.now()
        return await self._database.write(lambda c: _pay(c, order, saga, at))
